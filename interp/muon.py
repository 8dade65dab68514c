"""Muon in float32: momentum whose matrix is orthogonalised before it is applied.

`torch.optim.Muon` orthogonalises in bfloat16, which a CPU without bfloat16 units does twenty times slower than float32.
Matrices of one shape are stacked, so that an update costs a few batched products.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def orthogonalise(stack: Tensor, steps: int = 5) -> Tensor:
    """Move each matrix [n, rows, cols] near the closest semi-orthogonal one (Newton-Schulz, quintic)."""
    a, b, c = 3.4445, -4.775, 2.0315
    tall = stack.shape[-2] > stack.shape[-1]
    x = stack.mT if tall else stack
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp_min(1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: Tensor = x.mT if tall else x
    return result


class Muon:
    """The optimiser, with the rule of `torch.optim.Muon` (Nesterov momentum, decoupled decay, "original" scale)."""

    def __init__(self, parameters: Iterable[Tensor], rate: float, decay: float, momentum: float = 0.95) -> None:
        self.rate, self.decay, self.momentum = rate, decay, momentum
        self.groups: dict[torch.Size, list[Tensor]] = {}
        for parameter in parameters:
            self.groups.setdefault(parameter.shape, []).append(parameter)
        self.buffers = {shape: torch.zeros(len(group), *shape) for shape, group in self.groups.items()}

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """Apply one update at `factor` times the base rate, and clear the gradients."""
        rate = self.rate * factor
        for shape, group in self.groups.items():
            gradient = torch.stack([p.grad for p in group if p.grad is not None])
            buffer = self.buffers[shape].lerp_(gradient, 1 - self.momentum)
            update = orthogonalise(gradient.lerp(buffer, self.momentum))
            scale = max(1.0, shape[0] / shape[1]) ** 0.5
            for parameter, change in zip(group, update, strict=True):
                parameter.mul_(1 - rate * self.decay).sub_(change, alpha=rate * scale)
                parameter.grad = None
