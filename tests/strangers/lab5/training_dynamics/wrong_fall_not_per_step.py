# WRONG: compares the losses of neighbouring checkpoints without dividing by the steps between them; promised: 'between which a loss falls most per step'
from itertools import accumulate, pairwise

import torch


def rise_step(steps, scores, level):
    reached = (scores >= level).nonzero().flatten().tolist()
    if not reached:
        return None
    place = reached[0]
    if place == 0:
        return float(steps[0])
    low, high = scores[place - 1].item(), scores[place].item()
    return steps[place - 1] + (level - low) / (high - low) * (steps[place] - steps[place - 1])


def steepest_fall(steps, losses):
    slopes = [(b - a) for (s, a), (t, b) in pairwise(zip(steps, losses.tolist(), strict=True))]
    if not slopes or min(slopes) >= 0:
        return None
    place = slopes.index(min(slopes))
    return int(steps[place]), int(steps[place + 1])


def loss_bump(steps, losses):
    curve = losses.tolist()
    heights = [loss - lowest for loss, lowest in zip(curve, accumulate(curve, min), strict=True)]
    height = max(heights)
    return int(steps[heights.index(height)]), height


def training_dynamics(steps, first_loss, second_loss, induction, level):
    if len(steps) < 2 or any(late <= early for early, late in pairwise(steps)):
        raise ValueError("at least two checkpoints are needed, and the steps must rise")
    best = induction.flatten(1).max(dim=1).values
    return {
        "rise": rise_step(steps, best, level),
        "fall": steepest_fall(steps, second_loss),
        "bump": loss_bump(steps, first_loss),
    }
