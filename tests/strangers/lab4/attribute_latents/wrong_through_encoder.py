"""Broken: 'The gradient goes around the encoder, not through it': the encoder's columns take the place of the
decoder's rows."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def attribute_latents(model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor]) -> Tensor:
    kept: dict[str, Tensor] = {}

    def leaf(value: Tensor, hook: Any) -> Tensor:
        kept["x"] = value.detach().clone().requires_grad_(True)
        return kept["x"]

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, leaf)])
        (gradient,) = torch.autograd.grad(metric(logits).sum(), kept["x"])
    with torch.no_grad():
        return sae.encode(kept["x"]) * (gradient @ sae.W_enc)


def ablation_effects(
    model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor], latents: Tensor
) -> Tensor:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        untouched = metric(model(tokens))
        effects = untouched.new_zeros(len(latents), len(tokens))
        for place, latent in enumerate(latents.tolist()):

            def take_away(value: Tensor, hook: Any, latent: int = latent) -> Tensor:
                return value - sae.encode(value)[..., latent, None] * sae.W_dec[latent]

            effects[place] = untouched - metric(model.run_with_hooks(tokens, fwd_hooks=[(name, take_away)]))
    return effects
