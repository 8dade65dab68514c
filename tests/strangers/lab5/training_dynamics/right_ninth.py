import itertools
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def rise_step(steps: Sequence[int], scores: Float[Tensor, " checkpoint"], level: float) -> float | None:
    """Find the step at which a curve first reaches a level, on a straight line between checkpoints."""
    before: tuple[int, float] | None = None
    for step, score in zip(steps, scores.tolist(), strict=True):
        if score >= level:
            if before is None:
                return float(step)
            way = (level - before[1]) / (score - before[1])
            return (1 - way) * before[0] + way * step
        before = (step, score)
    return None


def steepest_fall(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, int] | None:
    """Find the neighbouring checkpoints between which a loss falls most per step."""
    points = list(zip(steps, losses.tolist(), strict=True))
    falls = [((a[1] - b[1]) / (b[0] - a[0]), -place) for place, (a, b) in enumerate(itertools.pairwise(points))]
    steepest, place = max(falls, default=(0.0, 0))
    return (steps[-place], steps[1 - place]) if steepest > 0 else None


def loss_bump(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, float]:
    """Measure how far a loss climbs above its lowest value so far."""
    values = losses.tolist()
    heights = [value - low for value, low in zip(values, itertools.accumulate(values, min), strict=True)]
    top = max(range(len(heights)), key=heights.__getitem__)
    return steps[top], heights[top]


def training_dynamics(
    steps: Sequence[int],
    first_loss: Float[Tensor, " checkpoint"],
    second_loss: Float[Tensor, " checkpoint"],
    induction: Float[Tensor, "checkpoint layer head"],
    level: float,
) -> dict[str, Any]:
    """Say when induction comes, when the loss on repeats falls, and how large the bump of the other loss is."""
    if len(steps) < 2:
        raise ValueError("a curve needs two checkpoints at least")
    if sorted(set(steps)) != list(steps):
        raise ValueError("the steps must rise from each checkpoint to the next")
    return {
        "rise": rise_step(steps, induction.flatten(1).max(dim=1).values, level),
        "fall": steepest_fall(steps, second_loss),
        "bump": loss_bump(steps, first_loss),
    }
