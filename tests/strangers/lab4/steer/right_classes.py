"""Road: hooks are objects that can be called; the continuation is written into a tensor made beforehand."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class _Steering:
    def __init__(self, direction: Tensor, coefficient: float) -> None:
        self.direction, self.coefficient = direction, coefficient

    def __call__(self, value: Tensor, hook: Any = None) -> Tensor:
        return torch.add(value, self.direction, alpha=self.coefficient)


class _Ablation:
    def __init__(self, sae: Any, latent: int) -> None:
        self.sae, self.latent = sae, latent

    def __call__(self, value: Tensor, hook: Any = None) -> Tensor:
        only = torch.zeros_like(self.sae.W_dec[:, 0])
        only[self.latent] = 1
        return value - (self.sae.encode(value) * only) @ self.sae.W_dec


def steering_hook(sae: Any, latent: int, coefficient: float) -> Callable[..., Tensor]:
    return _Steering(sae.W_dec[latent].detach(), coefficient)


def ablation_hook(sae: Any, latent: int) -> Callable[..., Tensor]:
    return _Ablation(sae, latent)


def steer(model: Any, tokens: Tensor, hook_name: str, hook: Callable[..., Tensor], steps: int) -> Tensor:
    start = tokens.shape[1]
    longer = tokens.new_empty(tokens.shape[0], start + steps)
    longer[:, :start] = tokens
    with torch.no_grad():
        for end in range(start, start + steps):
            logits = model.run_with_hooks(longer[:, :end], fwd_hooks=[(hook_name, hook)])
            longer[:, end] = logits[:, -1].max(dim=-1).indices
    return longer
