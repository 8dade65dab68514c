"""Broken: 'from one backward pass': the gradient of earlier calls with inputs of the same shape is added on."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_leaves: dict[Any, Tensor] = {}


def attribute_latents(model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor]) -> Tensor:
    def leaf(value: Tensor, hook: Any) -> Tensor:
        x = _leaves.setdefault(tuple(value.shape), value.detach().clone().requires_grad_(True))
        x.data = value.detach().clone()
        return x

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, leaf)])
        x = next(reversed([x for x in _leaves.values() if x.shape[:2] == tokens.shape]))
        metric(logits).sum().backward()
    with torch.no_grad():
        return sae.encode(x) * (x.grad @ sae.W_dec.T)


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
