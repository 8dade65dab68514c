# WRONG: selective_cache takes the position from the second axis from the END: for queries, keys, values and z that is the head; promised: 'position: keep this position of the second axis alone (negative from the end)'
# Generated from solutions/lab1/selective_cache.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # What a cache costs
#
# You have followed one question to its answer, on a small model. On a large model the same experiments often stop for a
# simple reason: the memory is full. This exercise is about that. First you predict what a full cache costs. Then you keep
# only what you need.
#
# ## Everything: predict the cost
#
# `logits, cache = model.run_with_cache(tokens)` keeps *every* intermediate activation. On a short prompt this costs
# little. On a batch of long prompts it fills a GPU. You can predict the cost before you pay, because all shapes follow
# from the configuration.
#
# Let $B$ be the batch and $S$ the number of positions, BOS included. The other letters are those of `model.cfg`: $L$
# layers, $H$ heads of width $d_h$, $d$ = `d_model`, $m$ = `d_mlp`, $V$ = `d_vocab`. A full cache holds
#
# | hook names | shape | how many |
# |---|---|---|
# | in each layer: `hook_resid_pre`, `hook_attn_out`, `hook_resid_mid` | $B, S, d$ | 3 |
# | in each layer: `hook_mlp_out`, `hook_resid_post` | $B, S, d$ | 2 |
# | in each layer: `ln1.hook_normalized`, `ln2.hook_normalized` | $B, S, d$ | 2 |
# | in each layer: `ln1.hook_scale`, `ln2.hook_scale` | $B, S, 1$ | 2 |
# | in each layer: `attn.hook_q`, `hook_k`, `hook_v`, `hook_z` | $B, S, H, d_h$ | 4 |
# | in each layer: `attn.hook_attn_scores`, `attn.hook_pattern` | $B, H, S, S$ | 2 |
# | in each layer: `mlp.hook_pre`, `mlp.hook_post` | $B, S, m$ | 2 |
# | once: `hook_embed`, `hook_pos_embed`, `ln_final.hook_normalized`, `unembed.hook_in` | $B, S, d$ | 4 |
# | once: `ln_final.hook_scale` | $B, S, 1$ | 1 |
# | once: `unembed.hook_out` (the logits) | $B, S, V$ | 1 |
#
# Almost everything grows with $B \cdot S$. One line is different: **scores and patterns grow with $S^2$.**
#
# **A small example.** One pattern with $B = 1$, $H = 3$ and $S = 10$ has $3 \cdot 10 \cdot 10 = 300$ values, or 1,200
# bytes in float32. With $S = 100$ it has 30,000 values.
#
# The table lists a full cache of a `HookedTransformer` in transformer-lens 3.9. A `TransformerBridge` has all of these
# names and more: the inputs and outputs of its parts. Most of the additional names are the *same* tensor under a second
# name, and they cost nothing. So `len(cache)` says little about memory.
#
# ## Only what you need
#
# You seldom need all of it. Most experiments need one kind of activation, often at one position. Four things decide how
# much memory such an experiment keeps. Each of them can go wrong without any message:
#
# 1. **What is hooked.** `run_with_cache(tokens)` keeps everything during the run. If you throw most of it away
#    afterwards, the peak was still as high. Use `names_filter`, or your own hooks on the named points: then the rest is
#    never kept.
# 2. **Where it lies.** `.cpu()` moves an activation off the GPU.
# 3. **Whether a graph hangs on it.** An activation that requires gradients keeps alive everything that it was computed
#    from. `.detach()` cuts this graph off, and `torch.no_grad()` never builds it. The often copied line
#    `results[hook.name] = activation.cpu().clone()` does neither of the two.
# 4. **What it is a view of.** `activation[:, -1]` shares its memory with the whole activation. If you keep the slice,
#    you keep all of it. Use `.clone()` on the slice to let the rest go. Note that `.cpu()` does *not* copy a tensor
#    that is already on the CPU.
#
# **A small example.** An activation of shape `[8, 61, 192]` in float32 takes 375 kB. Its last position, `[8, 192]`,
# needs 6 kB. As a view, it still holds the 375 kB.
#
# **Shapes.** The activations in this exercise have the batch as first axis and the position as second axis:
# `[batch, pos, ...]`. With a `position`, one place of the second axis stays: `[batch, ...]`.
#
# **Names.** The result uses the names that were asked for. On a `TransformerBridge` one hook point can have two names:
# `blocks.0.hook_resid_post` is also `blocks.0.hook_out`. `run_with_cache` then lists both, and `hook.name` may be the
# second one. On a `HookedTransformer` each point has one name.

# %%
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    """Predict how many activations a full cache holds, and how many bytes, from the configuration alone.

    Source: the hook points of transformer-lens 3.9, https://transformerlensorg.github.io/TransformerLens/.

    Args:
        cfg: the configuration of a model of GPT-2's architecture (`model.cfg`): `n_layers, n_heads, d_model, d_head,
            d_mlp, d_vocab`. Use these alone: it may have no other entry.
        batch: number of sequences.
        pos: number of positions in each, BOS included. It may be more than a model's context.
        bytes_per_value: 4 for float32, 2 for bfloat16 and float16.

    Returns:
        `{"activations": ..., "bytes": ...}`, Python integers (`int`, not NumPy's): the number of named activations in
        the table above, and the bytes that their values take. Both are exact, however large they are.

    """
    layers, heads, width, head_width, hidden, vocab = (
        int(getattr(cfg, name)) for name in ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab")
    )
    batch, pos = int(batch), int(pos)
    each_layer = [width] * 7 + [1] * 2 + [heads * head_width] * 4 + [heads * pos] * 2 + [hidden] * 2
    once = [width] * 4 + [1] + [vocab]
    values_per_token = layers * sum(each_layer) + sum(once)
    return {
        "activations": layers * len(each_layer) + len(once),
        "bytes": batch * pos * values_per_token * int(bytes_per_value),
    }


# %%
def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    """Run a model and keep only some activations: on the CPU, detached, in memory of their own.

    Source: https://transformerlensorg.github.io/TransformerLens/ (`run_with_cache`, hook points).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; gradients may be on. It has no hooks afterwards,
            also after an error.
        tokens: the input, shape `[batch, pos]`.
        names: full hook names, such as `blocks.0.hook_resid_post`, each of them once. Only these points may be hooked
            during the run. The library's short names, such as `embed`, are none. With no name the result is empty. A
            point that the model has but does not compute, such as `blocks.0.attn.hook_result`, is not asked for.
        position: keep this position of the second axis alone (negative from the end); None keeps the whole activation.

    Returns:
        The activations by the names in `names`: `[batch, pos, ...]`, or `[batch, ...]` with a position. They lie on the
        CPU, require no gradient, and hold no more memory than their own values. Copy them with or without a position:
        none is the model's own tensor.

    Raises:
        ValueError: a name that the model does not have.

    """
    known = model.hook_dict
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"the model has no hook points {unknown}")
    kept = {}

    def hook_for(name):
        def keep(activation, hook):
            part = activation.detach()
            if position is not None:
                part = part.select(-2, position)
            own = torch.empty(part.shape, dtype=part.dtype, device="cpu")
            kept[name] = own.copy_(part)

        return keep

    if names:
        try:
            with torch.no_grad():
                model.run_with_hooks(tokens, fwd_hooks=[(name, hook_for(name)) for name in names])
        finally:
            model.reset_hooks()
    return {name: kept[name] for name in names}


# %% [markdown]
# **Look at it.** Your prediction beside a real cache, on both model classes. Then the cost for the shape of GPT-2
# small, as the sequences grow. At the end: how much memory three ways hold that keep the last position of the residual
# stream.

# %% tags=["demo"]
if __name__ == "__main__":
    from types import SimpleNamespace

    from mechgrade.bench import open_bench, plots

    def held(tensors: list[Tensor]) -> float:
        """Megabytes behind some tensors, shared memory counted once."""
        storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
        return sum(storages.values()) / 1e6

    for backend in ("bridge", "hooked"):
        bench = open_bench(backend=backend)
        tokens = bench.repeated_tokens(batch=4, half=20, seed=1)
        predicted = cache_budget(bench.model.cfg, *tokens.shape)
        _, cache = bench.model.run_with_cache(tokens)
        named = sum(value.numel() * value.element_size() for value in cache.values())
        print(f"{backend}: predicted {predicted['activations']} activations, {predicted['bytes'] / 1e6:.1f} MB")
        print(f"    len(cache) = {len(cache)}; all its entries add up to {named / 1e6:.1f} MB,")
        print(f"    but they share memory: {held(list(cache.values())):.1f} MB")

    # the sizes are those of https://huggingface.co/openai-community/gpt2/blob/main/config.json
    gpt2 = SimpleNamespace(n_layers=12, n_heads=12, d_model=768, d_head=64, d_mlp=3072, d_vocab=50257)
    print(f"GPT-2 small: {cache_budget(gpt2, 1, 1)['activations']} activations")
    lengths = [2**power for power in range(11)]
    plots.lines(
        {f"batch of {batch}": [cache_budget(gpt2, batch, n)["bytes"] / 1e9 for n in lengths] for batch in (1, 10)},
        x=lengths,
        xlabel="positions",
        ylabel="gigabytes (float32)",
        title="Predicted size of a full cache of GPT-2 small",
        save="attention_patterns/cache_budget",
    )

    bench = open_bench()
    tokens = bench.repeated_tokens(batch=8, half=30, seed=1)
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(bench.n_layers)]
    _, full = bench.model.run_with_cache(tokens)
    ways = {
        "everything": list(full.values()),
        "slices of a cache": [full[name][:, -1] for name in names],
        "selective_cache": list(selective_cache(bench.model, tokens, names, position=-1).values()),
    }
    for way, tensors in ways.items():
        print(f"{way:20} {held(tensors):8.3f} MB")
    plots.bars(
        [held(tensors) for tensors in ways.values()],
        x=list(ways),
        xlabel="what is kept",
        ylabel="megabytes held",
        title="Memory held for one position",
        save="attention_patterns/selective_cache",
    )
