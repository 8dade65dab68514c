# Breaks: `None if the loss never falls` (gives the pair that rises least)
import itertools
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def rise_step(steps: Sequence[int], scores: Float[Tensor, " checkpoint"], level: float) -> float | None:
    reached = (scores >= level).nonzero().flatten()
    if len(reached) == 0:
        return None
    i = int(reached[0])
    if i == 0:
        return float(steps[0])
    left, right = scores[i - 1].item(), scores[i].item()
    share = min(1.0, (level - left) / (right - left))
    return float(steps[i - 1] * (1 - share) + steps[i] * share)


def steepest_fall(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, int] | None:
    times = torch.tensor(list(steps), dtype=torch.float64, device=losses.device)
    slopes = losses.double().diff() / times.diff()
    place = int((slopes == slopes.min()).nonzero()[0])
    return int(steps[place]), int(steps[place + 1])


def loss_bump(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, float]:
    wide = losses.double()
    heights = wide - wide.cummin(dim=0).values
    place = int((heights == heights.max()).nonzero()[0])
    return int(steps[place]), heights[place].item()


def training_dynamics(
    steps: Sequence[int],
    first_loss: Float[Tensor, " checkpoint"],
    second_loss: Float[Tensor, " checkpoint"],
    induction: Float[Tensor, "checkpoint layer head"],
    level: float,
) -> dict[str, Any]:
    if len(steps) < 2 or (torch.tensor(list(steps)).diff() <= 0).any():
        raise ValueError("two or more checkpoints, please, in rising order")
    best = induction.flatten(1).amax(dim=1)
    rise, fall, bump = rise_step(steps, best, level), steepest_fall(steps, second_loss), loss_bump(steps, first_loss)
    return {"rise": rise, "fall": fall, "bump": bump}
