# Breaks: `ValueError: ... steps that do not rise from each to the next` (two equal steps pass)
import itertools
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def rise_step(steps: Sequence[int], scores: Float[Tensor, " checkpoint"], level: float) -> float | None:
    level = torch.tensor(level, dtype=scores.dtype).item()
    curve = scores.tolist()
    for i, score in enumerate(curve):
        if score >= level:
            if i == 0:
                return float(steps[0])
            part = (level - curve[i - 1]) / (score - curve[i - 1])
            return steps[i - 1] + part * (steps[i] - steps[i - 1])
    return None


def steepest_fall(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, int] | None:
    curve = losses.tolist()
    best, found = 0.0, None
    for i in range(len(curve) - 1):
        slope = (curve[i + 1] - curve[i]) / max(steps[i + 1] - steps[i], 1)
        if slope < best:
            best, found = slope, (steps[i], steps[i + 1])
    return found


def loss_bump(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, float]:
    lowest = float("inf")
    best, at = -1.0, steps[0]
    for step, loss in zip(steps, losses.tolist()):
        lowest = min(lowest, loss)
        if loss - lowest > best:
            best, at = loss - lowest, step
    return at, best


def training_dynamics(
    steps: Sequence[int],
    first_loss: Float[Tensor, " checkpoint"],
    second_loss: Float[Tensor, " checkpoint"],
    induction: Float[Tensor, "checkpoint layer head"],
    level: float,
) -> dict[str, Any]:
    if len(steps) < 2:
        raise ValueError("fewer than two checkpoints")
    for i in range(1, len(steps)):
        if steps[i] < steps[i - 1]:
            raise ValueError("the steps do not rise")
    best = torch.stack([checkpoint.max() for checkpoint in induction])
    return {
        "rise": rise_step(steps, best, level),
        "fall": steepest_fall(steps, second_loss),
        "bump": loss_bump(steps, first_loss),
    }
