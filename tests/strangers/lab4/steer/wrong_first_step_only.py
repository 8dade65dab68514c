# WRONG: the hook is in the model only at the first step; promised: 'Continue texts greedily, with a hook in the model at every step.'
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

Hook = Callable[..., Tensor]


def steering_hook(sae: Any, latent: int, coefficient: float) -> Hook:
    """Make a hook that adds a multiple of a latent's direction at every position."""

    def hook_fn(value, hook):
        return value + coefficient * sae.W_dec[latent]

    return hook_fn


def ablation_hook(sae: Any, latent: int) -> Hook:
    """Make a hook that takes away what a latent writes, at every position."""

    def hook_fn(value, hook):
        latents = sae.encode(value)
        return value - latents[..., latent, None] * sae.W_dec[latent]

    return hook_fn


def steer(
    model: Any, tokens: Int[Tensor, "batch pos"], hook_name: str, hook: Hook, steps: int
) -> Int[Tensor, "batch longer"]:
    """Continue texts greedily, with a hook in the model at every step."""
    with torch.no_grad():
        for step in range(steps):
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)] if step == 0 else [])
            new = logits[:, -1].argmax(dim=-1, keepdim=True)
            tokens = torch.cat([tokens, new], dim=1)
    return tokens
