# Generated from solutions/lab2/patch_component_sweep.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Attention or MLP?
#
# Patching the residual stream tells you where information *is*. To see which parts *put* it there, patch what they
# write. A layer of GPT-2 writes twice into the stream:
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
# **Shapes.** `hook_attn_out` and `hook_mlp_out` are `[batch, pos, d_model]`, like the stream. Each map is
# `[layer, pos]`.
#
# **With TransformerLens** the activations are `blocks.{layer}.hook_attn_out` and `blocks.{layer}.hook_mlp_out`, on a
# `TransformerBridge` in compatibility mode and on the deprecated `HookedTransformer`. Two traps:
#
# - Other names look alike and have the same shape. `hook_resid_mid` is the stream after attention, `hook_resid_post`
#   the stream after the MLP. If you patch one of these by mistake, you get a map that looks fine.
# - The bridge ignores a name that does not exist, without a message.
#
# (The two model classes differ in one point. On the bridge of version 3.9, a tensor that is returned at
# `hook_resid_mid` replaces only what the MLP *reads*; the stream itself goes on as it was. On `HookedTransformer` the
# tensor replaces the stream.)
#
# This time the clean run comes in as a cache, because one clean run serves many experiments:
# `_, clean_cache = model.run_with_cache(clean_tokens)`. It takes full names, `clean_cache[name]`, and short names,
# `clean_cache["attn_out", layer]`.
#
# Elhage et al. (2021, [A Mathematical Framework for Transformer
# Circuits](https://transformer-circuits.pub/2021/framework/index.html)) describe the residual stream as a sum.
# Heimersheim and Nanda (2024, [How to use and interpret activation patching](https://arxiv.org/abs/2404.15255)) explain
# how to patch its parts.

# %%
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


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

    raise NotImplementedError("patch_component_sweep: not written yet")


# %% [markdown]
# **Look at it.** Both maps on the scale from the corrupted run (0) to the clean run (1).

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
    for part, values in patch_component_sweep(bench.model, corrupted, cache, metric).items():
        restored = (values - bottom) / (top - bottom)
        cells = [(layer, at) for layer in range(bench.n_layers) for at in range(len(tokens))]
        for layer, at in sorted(cells, key=lambda cell: -abs(restored[cell]))[:3]:
            print(f"{part:8} layer {layer}, {tokens[at]!r} at {at}: {restored[layer, at]:.2f}")
        plots.heatmap(
            restored,
            x=[f"{position} {token.strip()}" for position, token in enumerate(tokens)],
            y=[f"L{layer}" for layer in range(bench.n_layers)],
            xlabel="position patched",
            ylabel="layer",
            title="Attention outputs patched" if part == "attn_out" else "MLP outputs patched",
            value="normalised logit difference",
            save=f"patching_results/patch_component_sweep_{part}",
        )
