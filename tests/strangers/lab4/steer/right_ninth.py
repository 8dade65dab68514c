from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

Hook = Callable[..., Tensor]


def steering_hook(sae: Any, latent: int, coefficient: float) -> Hook:
    """Make a hook that adds a multiple of a latent's direction at every position."""

    def add(value: Tensor, hook: Any = None) -> Tensor:
        return torch.add(value, sae.W_dec[latent].detach(), alpha=coefficient)

    return add


def ablation_hook(sae: Any, latent: int) -> Hook:
    """Make a hook that takes away what a latent writes, at every position."""

    def take_away(value: Tensor, hook: Any = None) -> Tensor:
        strength = sae.encode(value).select(-1, latent).detach()
        return value - torch.einsum("bp,d->bpd", strength, sae.W_dec[latent].detach())

    return take_away


def steer(
    model: Any, tokens: Int[Tensor, "batch pos"], hook_name: str, hook: Hook, steps: int
) -> Int[Tensor, "batch longer"]:
    """Continue texts greedily, with a hook in the model at every step."""
    batch, length = tokens.shape
    longer = tokens.new_zeros((batch, length + steps))
    longer[:, :length] = tokens
    with torch.no_grad():
        for end in range(length, length + steps):
            logits = model.run_with_hooks(longer[:, :end], fwd_hooks=[(hook_name, hook)])
            longer[:, end] = logits[:, end - 1].max(dim=-1).indices
    return longer
