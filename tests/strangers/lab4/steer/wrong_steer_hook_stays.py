"""Broken: 'it is left without hooks': the hook is added and never taken away."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def steering_hook(sae: Any, latent: int, coefficient: float) -> Callable[..., Tensor]:
    def add(value: Tensor, hook: Any) -> Tensor:
        return value + coefficient * sae.W_dec[latent]

    return add


def ablation_hook(sae: Any, latent: int) -> Callable[..., Tensor]:
    def take_away(value: Tensor, hook: Any) -> Tensor:
        strength = sae.encode(value)[..., latent, None]
        return value - strength * sae.W_dec[latent]

    return take_away


def steer(model: Any, tokens: Tensor, hook_name: str, hook: Callable[..., Tensor], steps: int) -> Tensor:
    model.add_hook(hook_name, hook)
    with torch.no_grad():
        for _ in range(steps):
            tokens = torch.cat([tokens, model(tokens)[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens
