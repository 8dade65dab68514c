"""Broken: 'the activation is not replaced by its reconstruction': the latent is raised and everything is decoded."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def steering_hook(sae: Any, latent: int, coefficient: float) -> Callable[..., Tensor]:
    def add(value: Tensor, hook: Any) -> Tensor:
        latents = sae.encode(value)
        latents[..., latent] += coefficient
        return sae.decode(latents)

    return add


def ablation_hook(sae: Any, latent: int) -> Callable[..., Tensor]:
    def take_away(value: Tensor, hook: Any) -> Tensor:
        strength = sae.encode(value)[..., latent, None]
        return value - strength * sae.W_dec[latent]

    return take_away


def steer(model: Any, tokens: Tensor, hook_name: str, hook: Callable[..., Tensor], steps: int) -> Tensor:
    with torch.no_grad():
        for _ in range(steps):
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
            tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens
