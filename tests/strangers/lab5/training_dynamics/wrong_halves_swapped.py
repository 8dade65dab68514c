# WRONG: the fall is taken from the loss of the first half; promised: 'the checkpoints around the steepest fall of the second half's loss, or None'
import itertools
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def rise_step(steps: Sequence[int], scores: Float[Tensor, " checkpoint"], level: float) -> float | None:
    """Find the step at which a curve first reaches a level, on a straight line between checkpoints."""
    s = scores.tolist()
    for i in range(len(s)):
        if s[i] >= level:
            if i == 0:
                return float(steps[0])
            return steps[i - 1] + (level - s[i - 1]) / (s[i] - s[i - 1]) * (steps[i] - steps[i - 1])
    return None


def steepest_fall(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, int] | None:
    """Find the neighbouring checkpoints between which a loss falls most per step."""
    values = losses.tolist()
    best, found = 0.0, None
    for i in range(len(values) - 1):
        slope = (values[i + 1] - values[i]) / (steps[i + 1] - steps[i])
        if slope < best:
            best, found = slope, (steps[i], steps[i + 1])
    return found


def loss_bump(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, float]:
    """Measure how far a loss climbs above its lowest value so far."""
    lowest = losses.cummin(dim=0).values
    heights = losses - lowest
    place = int(heights.argmax())
    return steps[place], heights[place].item()


def training_dynamics(
    steps: Sequence[int],
    first_loss: Float[Tensor, " checkpoint"],
    second_loss: Float[Tensor, " checkpoint"],
    induction: Float[Tensor, "checkpoint layer head"],
    level: float,
) -> dict[str, Any]:
    """Say when induction comes, when the loss on repeats falls, and how large the bump of the other loss is."""
    if len(steps) < 2 or any(b <= a for a, b in itertools.pairwise(steps)):
        raise ValueError("at least two checkpoints, with rising steps")
    best = induction.amax(dim=(1, 2))
    return {
        "rise": rise_step(steps, best, level),
        "fall": steepest_fall(steps, first_loss),
        "bump": loss_bump(steps, first_loss),
    }
