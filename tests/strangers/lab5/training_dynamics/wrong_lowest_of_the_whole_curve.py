# WRONG: measures the bump above the lowest loss of the whole curve; promised: 'above its lowest value so far'
import torch


def rise_step(steps, scores, level):
    for i, score in enumerate(scores):
        if score >= level:
            if i == 0:
                return float(steps[0])
            share = (level - scores[i - 1].item()) / (score.item() - scores[i - 1].item())
            return steps[i - 1] + share * (steps[i] - steps[i - 1])
    return None


def steepest_fall(steps, losses):
    best, pair = 0.0, None
    for i in range(len(steps) - 1):
        slope = (losses[i + 1].item() - losses[i].item()) / (steps[i + 1] - steps[i])
        if slope < best:
            best, pair = slope, (steps[i], steps[i + 1])
    return pair


def loss_bump(steps, losses):
    heights = (losses - losses.min()).tolist()
    place = heights.index(max(heights))
    return steps[place], heights[place]


def training_dynamics(steps, first_loss, second_loss, induction, level):
    if len(steps) < 2 or any(b <= a for a, b in zip(steps, steps[1:])):
        raise ValueError("bad steps")
    best = induction.amax(dim=(1, 2))
    return {
        "rise": rise_step(steps, best, level),
        "fall": steepest_fall(steps, second_loss),
        "bump": loss_bump(steps, first_loss),
    }
