# WRONG: the gradient is projected on the encoder's columns instead of the decoder's rows; promised: 'Each latent's activation times the gradient of its prompt's metric with respect to it, the error term held fixed'
# Generated from solutions/lab4/attribute_latents.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Which latents drive the answer?
#
# This is the last question of the lab. Take an answer that you know from Lab 2. The model prefers one name to
# another. Which latents make it do so? **Ablation** answers for one latent at a time: take away what the latent
# writes, at all positions, and see how the metric $m$ (for example a logit difference) falls:
#
# $$\mathrm{effect}_j = m(\mathbf{x}) - m(\mathbf{x} - f_j(\mathbf{x})\, \mathbf{d}_j)$$
#
# This costs one run for each latent, and there may be thousands. **Attribution** estimates all effects at once, by one
# step of Taylor's series around the untouched run. Write the activation as reconstruction and error term,
# $\mathbf{x}_p = \sum_j f_{p,j}\, \mathbf{d}_j + \mathbf{b} + \boldsymbol{\varepsilon}_p$. Hold the error fixed, and
# take the gradient with respect to the *latents*:
#
# $$\mathrm{attribution}_{p,j} = f_{p,j} \cdot \frac{\partial m}{\partial f_{p,j}}
#   = f_{p,j} \cdot \Big( \mathbf{d}_j \cdot \frac{\partial m}{\partial \mathbf{x}_p} \Big), \qquad
#   \mathrm{effect}_j \approx \sum_p \mathrm{attribution}_{p,j}$$
#
# This takes one forward and one backward pass, for every latent at every position.
#
# **A small example.** A latent has $f = 4$ and $\mathbf{d} = (1, 0)$, and the gradient at the position is $(0.5, 3)$.
# The attribution is $4 \cdot 0.5 = 2$.
#
# Treat the latents as inputs: do not take the gradient through the encoder. We ask what happens if a latent changes,
# not why it has its value.
#
# Where the rest of the model is linear, the estimate is exact. Where it is not (attention that saturates, MLPs,
# LayerNorm), the estimate can be far off. So *check* it: ablate the few latents that matter.
#
# **Shapes.** `tokens`: `[batch, pos]`; `metric` takes logits `[batch, pos, d_vocab]` and gives one number for each
# prompt, `[batch]`, and each number depends on its own prompt alone; attributions: `[batch, pos, d_sae]`; effects:
# `[latent, batch]`. The SAE decodes as `f @ W_dec + b_dec`.
#
# Sources: Marks et al. 2024, [Sparse Feature Circuits](https://arxiv.org/abs/2403.19647), sections 2 and 3.1; Nanda
# 2023, [Attribution Patching](https://www.neelnanda.io/mechanistic-interpretability/attribution-patching); Templeton et
# al. 2024, [Scaling Monosemanticity](https://transformer-circuits.pub/2024/scaling-monosemanticity/), who compare both.

# %%
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def attribute_latents(
    model: Any, sae: Any, tokens: Int[Tensor, "batch pos"], metric: Callable[[Tensor], Tensor]
) -> Float[Tensor, "batch pos d_sae"]:
    """Estimate what every latent at every position adds to a metric, from one backward pass.

    Source: Marks et al. 2024, https://arxiv.org/abs/2403.19647

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; it is left without hooks, also when `metric` raises
            an error.
        sae: a `sae_lens.SAE`; the name of its hook point is `sae.cfg.metadata.hook_name`.
        tokens: the input, shape `[batch, pos]`.
        metric: gives a number for each prompt, `[batch]`, from logits `[batch, pos, d_vocab]`.

    Returns:
        Each latent's activation times the gradient of its prompt's metric with respect to it, the error term held fixed;
        shape `[batch, pos, d_sae]`, without a graph. Use `torch.enable_grad()`: whoever calls you may have switched
        gradients off.

    """
    place = sae.cfg.metadata.hook_name
    seen: dict[str, Tensor] = {}

    def probe_hook(value: Tensor, hook: Any) -> Tensor:
        # A tensor of zeros added to the activation: its gradient is the gradient by the activation.
        value = value.detach()
        seen["x"] = value
        seen["probe"] = torch.zeros_like(value, requires_grad=True)
        return value + seen["probe"]

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(place, probe_hook)])
        total = metric(logits).sum()
        slope = None
        if total.requires_grad:
            (slope,) = torch.autograd.grad(total, seen["probe"], allow_unused=True)
    if slope is None:  # the metric does not depend on this place
        slope = torch.zeros_like(seen["x"])
    with torch.no_grad():
        latents = sae.encode(seen["x"])
        by_latent = slope.to(sae.W_enc.dtype) @ sae.W_enc
        return (latents * by_latent).detach()


def ablation_effects(
    model: Any,
    sae: Any,
    tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Tensor], Tensor],
    latents: Int[Tensor, " latent"],
) -> Float[Tensor, "latent batch"]:
    """Measure by how much a metric falls when a latent is taken away, for one latent at a time.

    Source: Marks et al. 2024, https://arxiv.org/abs/2403.19647

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; it is left without hooks, also when `metric` raises
            an error.
        sae: a `sae_lens.SAE`; the name of its hook point is `sae.cfg.metadata.hook_name`.
        tokens: the input, shape `[batch, pos]`.
        metric: gives a number for each prompt, `[batch]`, from logits `[batch, pos, d_vocab]`.
        latents: the numbers of the latents to ablate, one at a time, at all positions; in any order, one or more.

    Returns:
        The metric of the untouched model minus the metric with the latent's contribution taken away, shape `[latent,
        batch]`.

    """
    place = sae.cfg.metadata.hook_name
    with torch.no_grad():
        untouched = metric(model.run_with_hooks(tokens, fwd_hooks=[]))
        effects = untouched.new_zeros((len(latents), len(untouched)))
        for row, latent in enumerate(latents.tolist()):

            def take_away(value: Tensor, hook: Any, latent: int = latent) -> Tensor:
                written = sae.encode(value)[..., latent : latent + 1] * sae.W_dec[latent]
                return value - written.to(value.dtype)

            logits = model.run_with_hooks(tokens, fwd_hooks=[(place, take_away)])
            effects[row] = untouched - metric(logits)
    return effects


# %% [markdown]
# **Look at it.** Which latents decide between two names? And how far can you trust the estimate?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()
    model, sae = bench.model, bench.sae
    prompts = ioi_prompts(6, seed=4, template=0)
    tokens = bench.tokens([prompt.clean for prompt in prompts])
    right = bench.tokens([prompt.answer for prompt in prompts])[:, 1]
    wrong = bench.tokens([prompt.wrong for prompt in prompts])[:, 1]
    rows = torch.arange(len(prompts))

    def logit_difference(logits: Tensor) -> Tensor:
        return logits[rows, -1, right] - logits[rows, -1, wrong]

    attributions = attribute_latents(model, sae, tokens, logit_difference)
    by_latent = attributions.sum(dim=1).mean(dim=0)
    chosen = by_latent.abs().topk(20).indices
    estimates = by_latent[chosen]
    effects = ablation_effects(model, sae, tokens, logit_difference, chosen).mean(dim=1)
    correlation = torch.corrcoef(torch.stack([estimates, effects]))[0, 1]
    same_sign = (estimates.sign() == effects.sign()).float().mean()
    print(f"logit difference of the model: {logit_difference(bench.run(tokens)).mean():.2f}")
    print(f"estimate and ablation of the 20 largest: correlation {correlation:.2f}, same sign in {same_sign:.0%}")
    words = model.to_str_tokens(prompts[0].clean)
    for latent in chosen[:6].tolist():
        position = int(attributions[0, :, latent].abs().argmax())
        place = f"in the first prompt most at position {position}, {words[position]!r}"
        at = chosen.tolist().index(latent)
        print(f"latent {latent:4}: estimate {estimates[at]:+6.2f}, ablation {effects[at]:+6.2f}; {place}")
    order = estimates.argsort(descending=True)
    plots.lines(
        {"gradient times activation": estimates[order], "ablation": effects[order]},
        xlabel="latent, in the order of the estimate",
        ylabel="contribution to the logit difference",
        title="The estimate and the truth",
        save="sae_features/attribution",
    )
