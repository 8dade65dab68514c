# WRONG: the gradient is of the mean of the metric over the prompts, so everything is divided by the batch size; promised: 'Each latent's activation times the gradient of its prompt's metric with respect to it'
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def attribute_latents(
    model: Any, sae: Any, tokens: Int[Tensor, "batch pos"], metric: Callable[[Tensor], Tensor]
) -> Float[Tensor, "batch pos d_sae"]:
    """Estimate what every latent at every position adds to a metric, from one backward pass."""
    name = sae.cfg.metadata.hook_name
    store = {}

    def hook(value, hook):
        latents = sae.encode(value).detach().requires_grad_(True)
        error = (value - (latents @ sae.W_dec + sae.b_dec)).detach()
        store["latents"] = latents
        return latents @ sae.W_dec + sae.b_dec + error

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])
        m = metric(logits).mean()
        grad = torch.autograd.grad(m, store["latents"])[0]
    return (store["latents"] * grad).detach()


def ablation_effects(
    model: Any,
    sae: Any,
    tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Tensor], Tensor],
    latents: Int[Tensor, " latent"],
) -> Float[Tensor, "latent batch"]:
    """Measure by how much a metric falls when a latent is taken away, for one latent at a time."""
    name = sae.cfg.metadata.hook_name
    effects = []
    with torch.no_grad():
        clean = metric(model(tokens))
        for latent in latents.tolist():

            def hook(value, hook, latent=latent):
                f = sae.encode(value)[..., latent]
                return value - f[..., None] * sae.W_dec[latent]

            logits = model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])
            effects.append(clean - metric(logits))
    return torch.stack(effects)
