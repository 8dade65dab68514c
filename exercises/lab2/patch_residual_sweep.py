# Generated from solutions/lab2/patch_residual_sweep.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # The map of the residual stream
#
# One patch answers one question. A **sweep** asks it everywhere. For every layer $l$ and every position $p$: run the
# model on the corrupted prompts, replace the residual stream before layer $l$ at position $p$ by that of the clean run,
# and measure the result:
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
# **Shapes.** `clean_tokens` and `corrupted_tokens` are `[batch, pos]`, row by row the two prompts of a pair. `metric`
# takes the logits of a run, `[batch, pos, d_vocab]`, and gives one number. The map is `[layer, pos]`, with as many rows
# as the model has layers: the activation is `hook_resid_pre`, the stream as it *enters* a layer.
#
# **With TransformerLens** there are two traps:
#
# - A `TransformerBridge` ignores a hook name that it does not know, without a message. A misspelt name gives a flat
#   map. (`HookedTransformer` fails with a `KeyError`.) So when a map is flat, check the names.
# - A hook that you attach with `model.add_hook` stays for the next run. In a loop the patches pile up. With
#   `model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])` a hook lives for one run.
#
# For the clean run, cache only what you need: `model.run_with_cache(tokens, names_filter=names)`.
#
# Heimersheim and Nanda (2024, [How to use and interpret activation patching](https://arxiv.org/abs/2404.15255)) explain
# denoising and noising. Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593)) studied
# the task.

# %%
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
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

    raise NotImplementedError("patch_residual_sweep: not written yet")


# %% [markdown]
# **Look at it.** The map for a batch of IOI prompts, on the scale where 0 is the corrupted run and 1 the clean run. The
# columns carry the tokens of the first clean prompt.

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

    top, bottom = metric(bench.model(clean)), metric(bench.model(corrupted))
    print(f"logit difference: clean {top:.2f}, corrupted {bottom:.2f}")
    restored = (patch_residual_sweep(bench.model, clean, corrupted, metric) - bottom) / (top - bottom)
    tokens = bench.model.to_str_tokens(prompts[0].clean)
    for layer, row in enumerate(restored.tolist()):
        strongest = sorted(range(len(row)), key=lambda position: -abs(row[position]))[:2]
        print(f"before layer {layer}: " + ", ".join(f"{tokens[at]!r} at {at} {row[at]:.2f}" for at in strongest))
    plots.heatmap(
        restored,
        x=[f"{position} {token.strip()}" for position, token in enumerate(tokens)],
        y=[f"L{layer}" for layer in range(bench.n_layers)],
        xlabel="position patched",
        ylabel="residual stream before layer",
        title="Where the clean run's answer is stored",
        value="normalised logit difference",
        save="patching_results/patch_residual_sweep",
    )
