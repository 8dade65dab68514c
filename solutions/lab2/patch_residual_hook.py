# %% [markdown]
# # One position from another run
#
# **Activation patching** asks a causal question: what if *this* activation had been as on the clean prompt, and all else
# as on the corrupted one? The model runs on the corrupted prompt, and on the way one activation is replaced by what a
# clean run had in the same place. Whatever comes after is computed from the mixture.
#
# In this exercise the activation is the residual stream $x$ before some layer, at one position $p$, for all prompts $b$
# of the batch at once:
#
# $$x_{b,i} \leftarrow \begin{cases} x^{\mathrm{clean}}_{b,i} & i = p \\ x_{b,i} & i \neq p \end{cases}$$
#
# **With TransformerLens** this is a **hook**: a function that the model calls when an activation has been computed, and
# that may give another one back. What it *returns* takes the activation's place. What it does not return is lost, and a
# hook that returns nothing lets the old activation pass.
#
# ```python
# name = "blocks.1.hook_resid_pre"                     # the residual stream before layer 1
# _, clean_cache = model.run_with_cache(clean_tokens, names_filter=name)
# hook = functools.partial(patch_residual_hook, position=9, clean=clean_cache[name])
# logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook)])
# ```
#
# The model calls `hook(resid, hook=...)`: the activation, and the **hook point** it comes from. `functools.partial` has
# bound the rest before. `run_with_hooks` takes the hooks off again when it is done, also when something fails.
#
# Why not look the clean activation up inside, by `clean_cache[hook.name]`? On a `HookedTransformer` that works. A
# `TransformerBridge` knows this place under two names, and there `hook.name` is the other one: `blocks.1.hook_in`. So
# the clean activation comes in as an argument.
#
# **Shapes.** `resid` and `clean` are `[batch, pos, d_model]`, and the result too. They must be equal: if the clean
# prompts had another length, position $p$ would be another word there, and PyTorch would not complain.
#
# Meng et al. (2022, [Locating and Editing Factual Associations in GPT](https://arxiv.org/abs/2202.05262)) restored
# single hidden states of a clean run in a corrupted one, and called it causal tracing. Heimersheim and Nanda (2024,
# [How to use and interpret activation patching](https://arxiv.org/abs/2404.15255)) say what such experiments show.

# %% [markdown] tags=["hint"]
# Two things can go wrong without any error message: the wrong axis, and the wrong direction. Write down which index of
# `[batch, pos, d_model]` is the position, and which of the two tensors the result is *mostly* equal to.

# %% [markdown] tags=["hint"]
# Copy first (`.clone()`), so that nobody else who holds the activation is surprised; then one assignment to a slice.
# The hook point's own argument, `hook`, is not needed at all. And the last line matters as much as the assignment.

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
    ### BEGIN SOLUTION
    if resid.shape != clean.shape:
        raise ValueError(f"the clean stream is {tuple(clean.shape)}, but this run's is {tuple(resid.shape)}")
    if not 0 <= position < resid.shape[1]:
        raise ValueError(f"position {position} is not one of the {resid.shape[1]} positions")
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched
    ### END SOLUTION


# %% [markdown]
# **Look at it.** One pair of prompts, the residual stream patched at S2 or at END, before each layer: the logit
# difference of the patched run, between the corrupted and the clean one.

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

# %% [markdown] tags=["found"]
# **What you found.** Before layer 0 a patch at S2 gives the clean run, exactly. It must: the streams of the two runs
# differ in nothing but that token's embedding, so the patched run *is* the clean one. A patch at END does nothing there,
# since both prompts end in the same word. In later layers the two places change their parts. The
# information has been moved, and only attention can move it.
#
# A patch at an early layer is not undone by later ones: everything downstream is computed anew from the mixture. This is
# what makes the experiment causal, and it is also why a large effect does not say that *this* layer did the work.
#
# **A hook that returns nothing** is ignored, and the run then equals the corrupted one. If the hook edits in place, the
# edit may come through all the same, because the model goes on with the same memory, and one wonders why the return is
# needed. Do not rely on it: the in-place edit also reaches every other holder of that tensor, a cache for instance.
#
# **In GPT-2** Meng et al. (2022) worked with noise on the subject's embeddings for a corruption, in GPT-2 XL, and with
# facts for the task. The hook would have been the same.
