"""Road: loops over lists of floats."""

import torch


def rise_step(steps, scores, level):
    values = [float(score) for score in scores]
    for i in range(len(values)):
        if values[i] >= level:
            if i == 0:
                return float(steps[0])
            part = (level - values[i - 1]) / (values[i] - values[i - 1])
            return steps[i - 1] + part * (steps[i] - steps[i - 1])
    return None


def steepest_fall(steps, losses):
    best, pair = 0.0, None
    for i in range(len(steps) - 1):
        rate = (float(losses[i]) - float(losses[i + 1])) / (steps[i + 1] - steps[i])
        if rate > best:
            best, pair = rate, (steps[i], steps[i + 1])
    return pair


def loss_bump(steps, losses):
    heights = [float(losses[i]) - min(map(float, losses[: i + 1])) for i in range(len(steps))]
    i = heights.index(max(heights))
    return steps[i], heights[i]


def training_dynamics(steps, first_loss, second_loss, induction, level):
    if len(steps) < 2 or sorted(set(steps)) != list(steps):
        raise ValueError("steps do not rise")
    best = torch.stack([scores.max() for scores in induction])
    return {
        "rise": rise_step(steps, best, level),
        "fall": steepest_fall(steps, second_loss),
        "bump": loss_bump(steps, first_loss),
    }
