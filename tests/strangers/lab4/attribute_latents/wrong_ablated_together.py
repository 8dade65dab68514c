"""Broken: 'the numbers of the latents to ablate, one at a time': each is taken away on top of those before it."""

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
        return sae.encode(kept["x"]) * (gradient @ sae.W_dec.T)


def ablation_effects(
    model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor], latents: Tensor
) -> Tensor:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        untouched = metric(model(tokens))
        effects = untouched.new_zeros(len(latents), len(tokens))
        gone: list[int] = []
        for place, latent in enumerate(latents.tolist()):
            gone.append(latent)

            def take_away(value: Tensor, hook: Any) -> Tensor:
                return value - sae.encode(value)[..., gone] @ sae.W_dec[gone]

            effects[place] = untouched - metric(model.run_with_hooks(tokens, fwd_hooks=[(name, take_away)]))
    return effects
