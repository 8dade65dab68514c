import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def rise_step(steps: Sequence[int], scores: Float[Tensor, " checkpoint"], level: float) -> float | None:
    curve = scores.detach().cpu().double().numpy()
    level = float(torch.tensor(level, dtype=scores.dtype))
    above = curve >= level
    if not above.any():
        return None
    i = int(np.argmax(above))
    if i == 0:
        return float(steps[0])
    return float(np.interp(level, curve[i - 1 : i + 1], [steps[i - 1], steps[i]]))


def steepest_fall(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, int] | None:
    curve = losses.detach().cpu().double().numpy()
    slopes = np.diff(curve) / np.diff(np.asarray(list(steps), dtype=np.float64))
    if slopes.size == 0 or slopes.min() >= 0:
        return None
    return list(itertools.pairwise(steps))[int(slopes.argmin())]


def loss_bump(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, float]:
    curve = losses.tolist()
    lowest = list(itertools.accumulate(curve, min))
    heights = [loss - low for loss, low in zip(curve, lowest)]
    height = max(heights)
    return steps[heights.index(height)], height


def training_dynamics(
    steps: Sequence[int],
    first_loss: Float[Tensor, " checkpoint"],
    second_loss: Float[Tensor, " checkpoint"],
    induction: Float[Tensor, "checkpoint layer head"],
    level: float,
) -> dict[str, Any]:
    if len(steps) < 2:
        raise ValueError("one checkpoint has no dynamics")
    if any(later <= earlier for earlier, later in itertools.pairwise(steps)):
        raise ValueError("steps must rise from each checkpoint to the next")
    return {
        "rise": rise_step(steps, induction.amax(dim=(1, 2)), level),
        "fall": steepest_fall(steps, second_loss),
        "bump": loss_bump(steps, first_loss),
    }
