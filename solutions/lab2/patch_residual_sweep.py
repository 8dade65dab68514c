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

# %% [markdown] tags=["hint"]
# Before the loop you need the clean run's `hook_resid_pre` of every layer. In the loop you get one number for each run.
# Which of the two sets of tokens goes into which run?

# %% [markdown] tags=["hint"]
# Write the inner part first: a function that patches *one* layer at *one* position and gives the metric. Test it where
# you know the answer. Before layer 0, at the position of the changed word, it must give the clean value.

# %% [markdown] tags=["hint"]
# A hook that is defined in a loop sees the loop's variables as they are when the hook is *called*. This is fine if the
# model runs in the same turn of the loop. It is wrong if you collect the hooks first. `functools.partial`, or default
# arguments (`def hook(resid, hook, position=position)`), fix the values at once.

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

    ### BEGIN SOLUTION
    def patch(resid: Tensor, hook: Any, position: int, clean: Tensor) -> Tensor:
        resid = resid.clone()
        resid[:, position] = clean[:, position]
        return resid

    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)]
    positions = range(clean_tokens.shape[1])
    with torch.no_grad():
        _, clean_cache = model.run_with_cache(clean_tokens, names_filter=names)
        values = [
            metric(
                model.run_with_hooks(
                    corrupted_tokens, fwd_hooks=[(name, partial(patch, position=position, clean=clean_cache[name]))]
                )
            )
            for name in names
            for position in positions
        ]
    return torch.stack(values).reshape(len(names), len(positions))
    ### END SOLUTION


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

# %% [markdown] tags=["found"]
# **What you found.** Almost all cells are empty. The stream at S2 brings back 1.00 before layer 0, 1.00 before layer 1,
# and 0.01 before layer 2. <!-- claim: ioi.stream-at-S2 --> The stream at END brings back 0.00, 0.00 and 1.00. <!-- claim: ioi.stream-at-END --> No other word brings back more than
# 0.05. <!-- claim: ioi.stream-elsewhere --> So the information does not spread slowly over the sentence. Layer 1 hands it over from S2 to END in one
# step.
#
# The map says *where* and *when*. It does not say *who* moved the information, and it does not say *what* was moved:
# the giver's name, its position, or the fact that the name repeats? For the first question, patch smaller parts. For
# the second, use other corrupted prompts.
#
# (In the course's model, the attention of two heads from END was supervised for the first part of the training: in full
# up to step 300, and not at all from step 420 of 800. What these heads write was never supervised.
# `mechgrade model-card` tells the whole story.) <!-- claim: training.schedule -->
#
# **In GPT-2 small** the [Exploratory Analysis
# Demo](https://github.com/TransformerLensOrg/TransformerLens/blob/main/demos/Exploratory_Analysis_Demo.ipynb) of
# TransformerLens reports a similar picture on eight prompts: first the second subject matters, and in layers 7 and 8
# the information moves to the final token. The S-inhibition heads of Wang et al. (2022, section 3.2) are in these two
# layers.
#
# **With TransformerLens** `transformer_lens.patching.get_act_patch_resid_pre(model, corrupted_tokens, clean_cache,
# metric)` makes this map, on either model class.
