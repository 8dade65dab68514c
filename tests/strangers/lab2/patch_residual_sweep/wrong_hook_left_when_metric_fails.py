# WRONG: the hook is attached to the model and removed only when the metric succeeds; promised: 'no hook is left on it, also when `metric` fails.'
# Generated from solutions/lab2/patch_residual_sweep.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # The maps of a run
#
# One patch answers one question. A **sweep** asks it everywhere, and gives a map. You make three maps. The first shows
# where the information *is*: the residual stream. The other two show which parts *put* it there: the attention layers
# and the MLPs.
#
# ## Where is it? The residual stream
#
# For every layer $l$ and every position $p$: run the model on the corrupted prompts, replace the residual stream before
# layer $l$ at position $p$ by that of the clean run, and measure the result:
#
# $$M_{l,p} = m\big(\text{corrupted run with } x^{(l)}_p \leftarrow x^{(l),\,\mathrm{clean}}_p\big)$$
#
# The map $M$ shows where the information is *stored* that tells the two prompts apart. Layer by layer, you can follow
# it from the changed word to the place of the prediction.
#
# **A small example.** A model with 3 layers and a prompt of 14 tokens give a map of $3 \cdot 14 = 42$ cells. You need
# one clean run and 42 patched runs.
#
# **Denoising and noising.** Here we put clean activations into the corrupted run. This is **denoising**: it finds what
# is *enough* to restore the behaviour. The opposite, corrupted activations in the clean run, is **noising**: it finds
# what is *needed*. The two maps are not mirror images. So always say which one you made.
#
# ## Who put it there? Attention and MLPs
#
# A layer of GPT-2 writes twice into the stream:
#
# $$x^{(l+1)} = x^{(l)} + \mathrm{attn}^{(l)} + \mathrm{mlp}^{(l)}, \qquad
#   \mathrm{attn}^{(l)} = \sum_n z^{(l,n)} W_O^{(l,n)} + b_O^{(l)}$$
#
# First writes the attention layer, all its heads together. Then writes the MLP, which reads what attention has just
# written. For both parts, at every layer $l$ and position $p$: run the corrupted prompts, let this part write at this
# position what it wrote in the clean run, and measure. This gives two maps,
#
# $$M^{\mathrm{attn}}_{l,p} = m\big(\mathrm{attn}^{(l)}_p \leftarrow \mathrm{attn}^{(l),\,\mathrm{clean}}_p\big) \qquad
#   M^{\mathrm{mlp}}_{l,p} = m\big(\mathrm{mlp}^{(l)}_p \leftarrow \mathrm{mlp}^{(l),\,\mathrm{clean}}_p\big)$$
#
# The output of a part is only a *summand*. When you replace it, the stream keeps everything else from the corrupted
# run. So a cell is high only if this one write matters by itself.
#
# **A small example.** At one position the corrupted stream is $2 + 3 + 1$ (stream before, attention, MLP), and the
# clean attention output is 7. The patched stream is $2 + 7$, plus what the MLP now computes from 9.
#
# All three maps come from the same two loops and the same hook; only the name of the activation differs. So write this
# part once, as a helper, and call it three times.
#
# ## Shapes and names
#
# `clean_tokens` and `corrupted_tokens` are `[batch, pos]`, row by row the two prompts of a pair. `metric` takes the logits
# of a run, `[batch, pos, d_vocab]`, and gives one number. Each map is `[layer, pos]`, with as many rows as the model has
# layers.
#
# - For the stream, the activation is `hook_resid_pre`, the stream as it *enters* a layer.
# - For the parts, the activations are `hook_attn_out` and `hook_mlp_out`, `[batch, pos, d_model]` like the stream.
#
# **With TransformerLens** the full names are `blocks.{layer}.hook_resid_pre` and so on, on a `TransformerBridge` in
# compatibility mode and on the deprecated `HookedTransformer`. There are three traps:
#
# - A `TransformerBridge` ignores a hook name that it does not know, without a message. A misspelt name gives a flat
#   map. (`HookedTransformer` fails with a `KeyError`.) So when a map is flat, check the names.
# - Other names look alike and have the same shape. `hook_resid_mid` is the stream after attention, `hook_resid_post`
#   the stream after the MLP. If you patch one of these by mistake, you get a map that looks fine.
# - A hook that you attach with `model.add_hook` stays for the next run. In a loop the patches pile up. With
#   `model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])` a hook lives for one run.
#
# (The two model classes differ in one point. On the bridge of version 3.9, a tensor that is returned at
# `hook_resid_mid` replaces only what the MLP *reads*; the stream itself goes on as it was. On `HookedTransformer` the
# tensor replaces the stream.)
#
# The first function runs the clean prompts itself. Cache only what you need there: `model.run_with_cache(tokens,
# names_filter=names)`. The second function gets the clean run as a cache, because one clean run serves many experiments.
# The cache takes full names, `clean_cache[name]`, and short names, `clean_cache["attn_out", layer]`.
#
# Heimersheim and Nanda (2024, [How to use and interpret activation patching](https://arxiv.org/abs/2404.15255)) explain
# denoising and noising, and how to patch parts. Elhage et al. (2021, [A Mathematical Framework for Transformer
# Circuits](https://transformer-circuits.pub/2021/framework/index.html)) describe the residual stream as a sum. Wang et
# al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593)) studied the task.

# %%
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


# %%
def _clean_values(model: Any, tokens: Tensor, names: list[str]) -> dict[str, Tensor]:
    """The named activations of the run on the tokens."""
    kept: dict[str, Tensor] = {}

    def keep(value: Tensor, hook: Any, name: str) -> None:
        kept[name] = value.detach().clone()

    model.run_with_hooks(tokens, fwd_hooks=[(name, partial(keep, name=name)) for name in names])
    return kept


def _sweep(
    model: Any, tokens: Tensor, names: list[str], clean: dict[str, Tensor], metric: Callable[[Tensor], Tensor]
) -> Tensor:
    """One row for each activation, one column for each position."""
    length = tokens.shape[1]
    rows = []
    for name in names:
        row = []
        for position in range(length):

            def patch(value: Tensor, hook: Any, name: str = name, position: int = position) -> Tensor:
                here = (torch.arange(length, device=value.device) == position)[None, :, None]
                return torch.where(here, clean[name].to(value), value)

            model.add_hook(name, patch)
            row.append(metric(model(tokens)).detach())
            model.reset_hooks()
        rows.append(torch.stack(row))
    return torch.stack(rows)


def patch_residual_sweep(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer pos"]:
    """Patch the residual stream before every layer, at every position, from the clean run into the corrupted run.

    Source: Heimersheim and Nanda 2024, https://arxiv.org/abs/2404.15255

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`, of any size; no hook is left on it,
            also when `metric` fails.
        clean_tokens: the clean prompts, BOS first, `[batch, pos]`.
        corrupted_tokens: their corrupted twins, `[batch, pos]`.
        metric: takes the logits of a run as the model gives them, of all prompts and positions, `[batch, pos, d_vocab]`,
            and gives one number, a tensor of shape `[]`.

    Returns:
        The metric of the patched runs, `[layer, pos]`: as the metric gives it, not normalised.

    """

    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)]
    clean = _clean_values(model, clean_tokens, names)
    return _sweep(model, corrupted_tokens, names, clean, metric)


# %%
def patch_component_sweep(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> dict[str, Float[Tensor, "layer pos"]]:
    """Patch the output of every attention layer and of every MLP, at every position, into the corrupted run.

    Source: Heimersheim and Nanda 2024, https://arxiv.org/abs/2404.15255

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`, of any size; no hook is left on it,
            also when `metric` fails.
        corrupted_tokens: the prompts to run, BOS first, `[batch, pos]`.
        clean_cache: the activations of the clean run, of the same shape; it is not changed.
        metric: takes the logits of a run as the model gives them, of all prompts and positions, `[batch, pos, d_vocab]`,
            and gives one number, a tensor of shape `[]`.

    Returns:
        Two maps of the patched runs' metric, each `[layer, pos]`, not normalised: `"attn_out"`, with the attention
        layer's output patched, and `"mlp_out"`, with the MLP's.

    """

    maps = {}
    for part, ending in (("attn_out", "hook_attn_out"), ("mlp_out", "hook_mlp_out")):
        names = [f"blocks.{layer}.{ending}" for layer in range(model.cfg.n_layers)]
        maps[part] = _sweep(model, corrupted_tokens, names, {name: clean_cache[name] for name in names}, metric)
    return maps


# %% [markdown]
# **Look at it.** The three maps for a batch of IOI prompts, on the scale where 0 is the corrupted run and 1 the clean
# run. The columns carry the tokens of the first clean prompt.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()
    prompts = ioi_prompts(8, seed=1, template=0, order="BABA")
    clean, corrupted = (bench.tokens([getattr(prompt, kind) for prompt in prompts]) for kind in ("clean", "corrupted"))
    answer, wrong = (
        torch.tensor([bench.model.to_single_token(text) for text in texts])
        for texts in ([prompt.answer for prompt in prompts], [prompt.wrong for prompt in prompts])
    )
    rows = torch.arange(len(prompts))

    def metric(logits):
        return (logits[rows, -1, answer] - logits[rows, -1, wrong]).mean()

    logits, cache = bench.model.run_with_cache(clean)
    top, bottom = metric(logits), metric(bench.model(corrupted))
    print(f"logit difference: clean {top:.2f}, corrupted {bottom:.2f}")
    tokens = bench.model.to_str_tokens(prompts[0].clean)
    maps = {
        "residual stream": patch_residual_sweep(bench.model, clean, corrupted, metric),
        **patch_component_sweep(bench.model, corrupted, cache, metric),
    }
    titles = {
        "residual stream": "Where the clean run's answer is stored",
        "attn_out": "Attention outputs patched",
        "mlp_out": "MLP outputs patched",
    }
    for part, values in maps.items():
        restored = (values - bottom) / (top - bottom)
        cells = [(layer, at) for layer in range(bench.n_layers) for at in range(len(tokens))]
        for layer, at in sorted(cells, key=lambda cell: -abs(restored[cell]))[:3]:
            print(f"{part:15} layer {layer}, {tokens[at]!r} at {at}: {restored[layer, at]:.2f}")
        plots.heatmap(
            restored,
            x=[f"{position} {token.strip()}" for position, token in enumerate(tokens)],
            y=[f"L{layer}" for layer in range(bench.n_layers)],
            xlabel="position patched",
            ylabel="residual stream before layer" if part == "residual stream" else "layer",
            title=titles[part],
            value="normalised logit difference",
            save=f"patching_results/patch_{part.replace(' ', '_')}",
        )
