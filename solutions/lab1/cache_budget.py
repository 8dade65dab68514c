# %% [markdown]
# # What a full cache costs
#
# You have followed one question to its answer, on a small model. On a large model the same experiments often stop for a
# simple reason: the memory is full. This exercise and the next one are about that.
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
# Some notebooks print "Cached 156 activation tensors" for GPT-2 small. The library has more hook points now, so the
# table gives more. The table lists a full cache of a `HookedTransformer` in transformer-lens 3.9. A `TransformerBridge`
# has all of these names and more: the inputs and outputs of its parts. Most of the additional names are the *same*
# tensor under a second name, and they cost nothing. So `len(cache)` says little about memory.

# %% [markdown] tags=["hint"]
# You need two numbers, and the table has both: a count of names and a count of values. Which rows occur once, and which
# occur in each layer? Write the values of *one layer* as a formula in B, S and the sizes first.

# %% [markdown] tags=["hint"]
# One layer has seven activations as wide as the stream, two of width 1, four with all heads side by side, two with a
# square of positions for each head, and two as wide as the MLP. Do not assume that all heads together are as wide as
# the stream.

# %%
from typing import Any


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
    ### BEGIN SOLUTION
    heads = cfg.n_heads * cfg.d_head
    per_position = 7 * cfg.d_model + 2 + 4 * heads + 2 * cfg.n_heads * pos + 2 * cfg.d_mlp  # of one layer
    once = 4 * cfg.d_model + 1 + cfg.d_vocab
    values = batch * pos * (cfg.n_layers * per_position + once)
    return {"activations": 17 * cfg.n_layers + 6, "bytes": values * bytes_per_value}
    ### END SOLUTION


# %% [markdown]
# **Look at it.** Your prediction beside a real cache, on both model classes. Then the cost for the shape of GPT-2
# small, as the sequences grow.

# %% tags=["demo"]
if __name__ == "__main__":
    from types import SimpleNamespace

    from mechgrade.bench import open_bench, plots

    megabyte = 1e6
    for backend in ("bridge", "hooked"):
        bench = open_bench(backend=backend)
        tokens = bench.repeated_tokens(batch=4, half=20, seed=1)
        predicted = cache_budget(bench.model.cfg, *tokens.shape)
        _, cache = bench.model.run_with_cache(tokens)
        memory = {}
        for value in cache.values():
            storage = value.untyped_storage()
            memory[storage.data_ptr()] = storage.nbytes()
        named = sum(value.numel() * value.element_size() for value in cache.values())
        print(f"{backend}: predicted {predicted['activations']} activations, {predicted['bytes'] / megabyte:.1f} MB")
        print(f"    len(cache) = {len(cache)}; all its entries add up to {named / megabyte:.1f} MB,")
        print(f"    but they share memory: {len(memory)} different pieces, {sum(memory.values()) / megabyte:.1f} MB")

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

# %% [markdown] tags=["found"]
# **What you found.** The formula gives 57 activations for the course model and 210 for GPT-2 small. <!-- claim: cache.counts --> It predicts the
# memory as if each activation had memory of its own. The real cache of a `HookedTransformer` is close to that. On a
# bridge the entries add up to more than twice as much, because the same tensor is listed under several names. The
# memory behind the entries is about the same. <!-- claim: cache.bridge --> So measure memory, not entries.
#
# The curve bends upwards. For short prompts the cost is linear in the length; for long prompts the squares of scores
# and patterns are larger. In GPT-2 small a layer needs $2 H S$ values per position for the squares, and
# $7d + 4 H d_h + 2m$ values for the rest. The two are equal at 608 positions. <!-- claim: cache.equal -->
#
# A rule such as "0.5 GB a prompt" is true for one prompt length only. Your function is true for all.
#
# **With TransformerLens** `run_with_cache(tokens, names_filter=...)` keeps only what you name. The next exercise is
# about that. More hook points exist and are off by default, because they cost much more. For example, `use_attn_result`
# keeps the output of each head apart: $H$ times the width of the stream.
