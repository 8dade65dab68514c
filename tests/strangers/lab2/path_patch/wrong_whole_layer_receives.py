# WRONG: all heads of a receiver's layer get the changed input, not the receivers alone; promised: 'everything that is not replaced is computed as usual.'
# Generated from solutions/lab2/path_patch.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Path patching
#
# You know which heads bring the answer back, and what L1H2 looks for. How does its message reach the answer? A head can
# bring the answer back in several ways: straight to the logits, by telling a later head where to look, or through an
# MLP. **Path patching** changes one *path* and freezes everything else. It answers two questions that the map of heads
# leaves open: which heads write the answer themselves, and which head talks to which?
#
# There are two runs. The first run, on $x_{orig}$, is the run that we look at. From the second run, on $x_{new}$, we
# take single values. All other heads and all MLPs are **frozen**: they keep the value that they had on $x_{orig}$,
# whatever happens to their input. A **sender** is a head $(l, n)$, with its output $z^{(l,n)}$. In the residual stream
# its output is a summand. So a set $S$ of senders changes the direct path by
#
# $$\Delta = \sum_{(l,n) \in S} \big(z^{(l,n)}_{new} - z^{(l,n)}_{orig}\big)\, W_O^{(l,n)}$$
#
# **1. From senders to the logits.** Nothing else moves, so the final residual stream moves by exactly $\Delta$:
#
# $$\mathrm{logits} = W_U^{\top}\, \mathrm{LN}_{final}\big(r_{orig}^{final} + \Delta\big) + b_U$$
#
# **2. From senders to some later heads**, the **receivers**, through only one of their inputs: queries, keys or values.
# A receiver in layer $l'$ reads the residual stream before its layer. For queries:
#
# $$q^{(l',n')} = \mathrm{LN}\big(r^{pre,\,l'}_{orig} + \Delta\big)\, W_Q^{(l',n')} + b_Q^{(l',n')}$$
#
# The receiver runs on $x_{orig}$ with this $q$ in place of its own. *Everything after it* is computed as usual, so we
# see what the changed input does to the answer. When there are several receivers, each gets what reaches it directly
# from the senders.
#
# **A small example.** One sender with `d_head = 1`: $z_{orig} = 2$, $z_{new} = 5$, $W_O = (1, -1)$. Then
# $\Delta = 3 \cdot (1, -1) = (3, -3)$. A final stream of $(4, 0)$ becomes $(7, -3)$.
#
# **Shapes.** `z`, `q`, `k` and `v` are `[batch, pos, head, d_head]`; the residual stream is `[batch, pos, d_model]`;
# `model.W_O` is `[layer, head, d_head, d_model]`, `model.W_Q`, `W_K`, `W_V` are `[layer, head, d_model, d_head]`, and
# their biases `b_Q`, … are `[layer, head, d_head]`.
#
# In many newer models several heads share one set of keys and values. There a change of one key would reach all heads of
# the group. So the second function gets only models in which each head has keys and values of its own. The first
# function works on any model.
#
# **With TransformerLens** you can call the parts of a model alone: `model.blocks[layer].ln1`, `model.ln_final` and
# `model.unembed` are functions of tensors. The residual stream before a layer is `cache["resid_pre", layer]`, after the
# last layer `cache["resid_post", n_layers - 1]`. A `TransformerBridge` in compatibility mode and a `HookedTransformer`
# agree on all of this. Instead of algebra you may also run the model with hooks that put back frozen values (`hook_z`,
# `hook_mlp_out`); the result is the same.
#
# Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 3.1 and appendix B)
# introduced the method, and Goldowsky-Dill et al. (2023, [Localizing Model Behavior with Path
# Patching](https://arxiv.org/abs/2304.05969)) gave it a general form. Note the convention: for Wang et al. a direct
# path may pass through MLPs, which they recompute. Here MLPs are frozen, too, and a direct path is the residual stream
# alone.

# %%
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache

Head = tuple[int, int]  # layer, head


# %%
def _direct_paths(
    model: Any, orig_cache: ActivationCache, new_cache: ActivationCache, senders: Sequence[Head]
) -> list[tuple[str, Any]]:
    """Hooks that freeze all heads and MLPs at the original run, but let the senders give what they gave in the new one."""

    def freeze_heads(z: Tensor, hook: Any, layer: int) -> Tensor:
        frozen = orig_cache[f"blocks.{layer}.attn.hook_z"].clone()
        for sender_layer, head in senders:
            if sender_layer == layer:
                frozen[:, :, head] = new_cache[f"blocks.{layer}.attn.hook_z"][:, :, head]
        return frozen.to(z)

    def freeze_mlp(value: Tensor, hook: Any, layer: int) -> Tensor:
        return orig_cache[f"blocks.{layer}.hook_mlp_out"].to(value).clone()

    hooks: list[tuple[str, Any]] = []
    for layer in range(model.cfg.n_layers):
        hooks.append((f"blocks.{layer}.attn.hook_z", partial(freeze_heads, layer=layer)))
        if not getattr(model.cfg, "attn_only", False):
            hooks.append((f"blocks.{layer}.hook_mlp_out", partial(freeze_mlp, layer=layer)))
    return hooks


def path_patch_to_logits(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
) -> Float[Tensor, "batch pos d_vocab"]:
    """Patch the senders' outputs along the direct path to the logits, with all other heads and all MLPs frozen.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, but with frozen MLPs

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`; no hook is left on it.
        tokens: the original prompts, `[batch, pos]`.
        orig_cache: all activations of the run on `tokens`; not changed.
        new_cache: all activations of a run on other prompts of the same shape; not changed.
        senders: heads as (layer, head), each at most once; perhaps none. Lists and tuples of heads both work.

    Returns:
        The logits `[batch, pos, d_vocab]` at every position, when the senders' z are those of the new run at all
        positions, every other head and every MLP gives what it gave in the original run, and the final LayerNorm is
        computed afresh.

    """
    return model.run_with_hooks(tokens, fwd_hooks=_direct_paths(model, orig_cache, new_cache, senders))


# %%
def path_patch_to_heads(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
    receivers: Sequence[Head],
    component: str,
) -> Float[Tensor, "batch pos d_vocab"]:
    """Patch the senders' outputs along the direct paths to one input of the receivers, and run on from there.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, but with frozen MLPs

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`; no hook is left on it.
        tokens: the original prompts, `[batch, pos]`.
        orig_cache: all activations of the run on `tokens`; not changed.
        new_cache: all activations of a run on other prompts of the same shape; not changed.
        senders: heads as (layer, head), each at most once, all in earlier layers than every receiver; perhaps none.
            Lists and tuples of heads both work.
        receivers: heads as (layer, head), each at most once; perhaps none. Then nothing is replaced.
        component: the input of the receivers that hears the senders: `"q"`, `"k"` or `"v"`.

    Returns:
        The logits `[batch, pos, d_vocab]` of a run on `tokens` in which this input of each receiver, at all positions,
        is what it would be if only the direct paths from the senders had changed (its LayerNorm computed afresh);
        everything that is not replaced is computed as usual.

    Raises:
        ValueError: some sender is not in an earlier layer than some receiver; or `component` is none of the three, also
            where there are no receivers.

    """
    if component not in ("q", "k", "v"):
        raise ValueError(f"component must be 'q', 'k' or 'v', not {component!r}")
    for sender_layer, _ in senders:
        if any(sender_layer >= receiver_layer for receiver_layer, _ in receivers):
            raise ValueError("every sender must be in an earlier layer than every receiver")
    by_layer: dict[int, list[int]] = {}
    for layer, head in receivers:
        by_layer.setdefault(int(layer), []).append(int(head))

    # First run: only the direct paths change. Listen to what arrives at the receivers.
    heard: dict[int, Tensor] = {}

    def listen(value: Tensor, hook: Any, layer: int) -> None:
        heard[layer] = value.detach().clone()

    def say(value: Tensor, hook: Any, layer: int) -> Tensor:
        return heard[layer].clone()

    inputs = {layer: f"blocks.{layer}.attn.hook_{component}" for layer in by_layer}
    ears = [(name, partial(listen, layer=layer)) for layer, name in inputs.items()]
    model.run_with_hooks(tokens, fwd_hooks=[*_direct_paths(model, orig_cache, new_cache, senders), *ears])
    # Second run: nothing is frozen, the receivers get what was heard.
    return model.run_with_hooks(tokens, fwd_hooks=[(name, partial(say, layer=layer)) for layer, name in inputs.items()])


# %% [markdown]
# **Look at it.** On prompts with two names: which heads write to the logits themselves? The head that does so most
# becomes the receiver. Which earlier head reaches it, and through which input?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()
    model = bench.model
    prompts = ioi_prompts(8, seed=1, template=1)
    clean, corrupted = bench.tokens([p.clean for p in prompts]), bench.tokens([p.corrupted for p in prompts])
    right, wrong = bench.tokens([p.answer for p in prompts])[:, 1], bench.tokens([p.wrong for p in prompts])[:, 1]
    rows = torch.arange(len(prompts))
    clean_logits, clean_cache = model.run_with_cache(clean)
    corrupted_logits, corrupted_cache = model.run_with_cache(corrupted)

    def logit_difference(logits: Tensor) -> float:
        return (logits[rows, -1, right] - logits[rows, -1, wrong]).mean().item()

    top, bottom = logit_difference(clean_logits), logit_difference(corrupted_logits)

    def lost(logits: Tensor) -> float:
        return (top - logit_difference(logits)) / (top - bottom)

    heads = [(layer, head) for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    runs = (model, clean, clean_cache, corrupted_cache)
    direct = torch.tensor([lost(path_patch_to_logits(*runs, [head])) for head in heads])
    plots.heatmap(
        direct.reshape(bench.n_layers, bench.n_heads),
        x=[f"H{head}" for head in range(bench.n_heads)],
        y=[f"L{layer}" for layer in range(bench.n_layers)],
        xlabel="head",
        ylabel="layer",
        title="Direct path to the logits",
        value="lost logit difference",
        save="patching_results/path_patch_to_logits",
    )
    receiver = heads[int(direct.argmax())]
    senders = [head for head in heads if head[0] < receiver[0]]
    effect = [[lost(path_patch_to_heads(*runs, [sender], [receiver], part)) for part in "qkv"] for sender in senders]
    print(f"direct effect of L{receiver[0]}H{receiver[1]} on the logits: {direct.max():.2f} of the difference is lost")
    if senders:
        plots.heatmap(
            torch.tensor(effect),
            x=["query", "key", "value"],
            y=[f"L{layer}H{head}" for layer, head in senders],
            xlabel=f"input of L{receiver[0]}H{receiver[1]}",
            ylabel="sender",
            title=f"Direct paths to L{receiver[0]}H{receiver[1]}",
            value="lost logit difference",
            save="patching_results/path_patch_to_heads",
        )
