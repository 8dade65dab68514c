# WRONG: takes the gradient of the mean over the batch, so each prompt's is divided by the batch size ("the gradient of its prompt's metric")
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


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
    seen = {}

    def make_leaf(value, hook):
        seen["x"] = value.detach().clone().requires_grad_()
        return seen["x"]

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, make_leaf)])
        total = metric(logits).mean()
        gradient = torch.autograd.grad(total, seen["x"])[0]
    with torch.no_grad():
        latents = sae.encode(seen["x"].detach())
        return latents * (gradient.to(sae.W_dec) @ sae.W_dec.T)


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
    name = sae.cfg.metadata.hook_name

    def without(latent):
        def hook_function(value, hook):
            return value - (sae.encode(value)[..., latent, None] * sae.W_dec[latent]).to(value)

        return hook_function

    with torch.no_grad():
        clean = metric(model(tokens))
        effects = []
        for latent in latents.tolist():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(name, without(latent))])
            effects.append(clean - metric(logits))
    return torch.stack(effects)
