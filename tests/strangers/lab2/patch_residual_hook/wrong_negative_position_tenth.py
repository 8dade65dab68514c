# WRONG: positions counted from the end are accepted: only the upper bound is checked; promised: 'Positions are not counted from the end: -1 is none.'
# Generated from solutions/lab2/patch_residual_hook.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # One position from another run
#
# **Activation patching** asks a causal question: what happens if *this* activation is as on the clean prompt, and
# everything else as on the corrupted prompt? The model runs on the corrupted prompt. On the way, one activation is
# replaced by the clean run's activation at the same place. Everything after that is computed from the mixture.
#
# In this exercise the activation is the residual stream $x$ before some layer, at one position $p$, for all prompts $b$
# of the batch at once:
#
# $$x_{b,i} \leftarrow \begin{cases} x^{\mathrm{clean}}_{b,i} & i = p \\ x_{b,i} & i \neq p \end{cases}$$
#
# **A small example.** With three positions and `d_model = 1`, the corrupted stream is `[1, 2, 3]` and the clean stream
# is `[7, 8, 9]`. A patch at position 1 gives `[1, 8, 3]`.
#
# **With TransformerLens** you write a **hook**: a function that the model calls when it has computed an activation.
# What the hook *returns* takes the activation's place. If the hook returns nothing, the old activation stays.
#
# ```python
# name = "blocks.1.hook_resid_pre"                     # the residual stream before layer 1
# _, clean_cache = model.run_with_cache(clean_tokens, names_filter=name)
# hook = functools.partial(patch_residual_hook, position=9, clean=clean_cache[name])
# logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook)])
# ```
#
# The model calls `hook(resid, hook=...)`: the activation, and the **hook point** that it comes from.
# `functools.partial` has fixed the other arguments before. `run_with_hooks` removes the hooks when it is done, even
# when something fails.
#
# Why does the clean activation come in as an argument, and not by `clean_cache[hook.name]`? On a `HookedTransformer`
# both work. A `TransformerBridge` knows this place under two names, and there `hook.name` is the second name:
# `blocks.1.hook_in`.
#
# **Shapes.** `resid`, `clean` and the result are `[batch, pos, d_model]`. The shapes of `resid` and `clean` must be
# equal. If the clean prompts had another length, position $p$ would be another word, and PyTorch would not complain.
#
# Meng et al. (2022, [Locating and Editing Factual Associations in GPT](https://arxiv.org/abs/2202.05262), section 2.1)
# restored single hidden states of a clean run in a corrupted run, and called this causal tracing. Heimersheim and Nanda
# (2024, [How to use and interpret activation patching](https://arxiv.org/abs/2404.15255)) explain what such experiments
# show.

# %%
from typing import Any

from jaxtyping import Float
from torch import Tensor


# %%
def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    """Replace the residual stream at one position by that of the clean run, for every prompt of the batch.

    Source: Heimersheim and Nanda 2024, https://arxiv.org/abs/2404.15255

    Args:
        resid: the residual stream of the present run, `[batch, pos, d_model]`; it may be edited in place.
        hook: the hook point that calls; not needed here, but every hook gets it.
        position: the position to patch, from 0 (BOS) to `pos - 1`.
        clean: the residual stream of the clean run at the same hook point, of the same shape; it stays as it is.

    Returns:
        The patched residual stream, `[batch, pos, d_model]`.

    Raises:
        ValueError: the two streams differ in shape, in any of the three axes, or there is no such position. Positions
            are not counted from the end: -1 is none.

    """
    import torch

    if resid.shape != clean.shape:
        raise ValueError(f"the streams differ in shape: {tuple(resid.shape)} and {tuple(clean.shape)}")
    pos = resid.shape[1]
    if position < 0:
        position += pos
    if position < 0 or position >= pos:
        raise ValueError(f"no position {position} among {pos}")
    before = resid[:, :position]
    here = clean.narrow(1, position, 1)
    after = resid[:, position + 1 :]
    return torch.cat([before, here, after], dim=1)


# %% [markdown]
# **Look at it.** One pair of prompts, with the residual stream patched at S2 or at END, before each layer. The picture
# shows the logit difference of the patched run, between the corrupted and the clean run.

# %% tags=["demo"]
if __name__ == "__main__":
    from functools import partial

    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompt

    bench = open_bench()
    pair = ioi_prompt(0, "BABA", io="Mary", subject="John", place="store", thing="bottle")
    clean_tokens, corrupted_tokens = bench.tokens(pair.clean), bench.tokens(pair.corrupted)
    answer, wrong = bench.model.to_single_token(pair.answer), bench.model.to_single_token(pair.wrong)

    def metric(logits):
        return float(logits[0, -1, answer] - logits[0, -1, wrong])

    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(bench.n_layers)]
    logits, clean_cache = bench.model.run_with_cache(clean_tokens, names_filter=names)
    ends = {"clean": metric(logits), "corrupted": metric(bench.model(corrupted_tokens))}
    places = {"S2": pair.s2_position + 1, "END": pair.end_position + 1}  # + 1 for BOS
    found = {}
    for label, position in places.items():
        found[f"patched at {label}"] = [
            metric(
                bench.model.run_with_hooks(
                    corrupted_tokens,
                    fwd_hooks=[(name, partial(patch_residual_hook, position=position, clean=clean_cache[name]))],
                )
            )
            for name in names
        ]
    for label, values in found.items():
        print(label + ": " + ", ".join(f"before layer {layer} {value:.2f}" for layer, value in enumerate(values)))
    plots.lines(
        {**found, **{label: [value] * bench.n_layers for label, value in ends.items()}},
        x=range(bench.n_layers),
        xlabel="patched before layer",
        ylabel="logit difference",
        title="The same patch at two places",
        save="patching_results/patch_residual_hook",
    )
