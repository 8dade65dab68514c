"""Road: tensors throughout; torch.lerp between the checkpoints."""

import torch


def rise_step(steps, scores, level):
    there = (scores >= level).nonzero().flatten().tolist()
    if not there:
        return None
    place = there[0]
    if place == 0:
        return float(steps[0])
    low, high = scores[place - 1 : place + 1].double()
    ends = torch.tensor(steps[place - 1 : place + 1], dtype=torch.float64)
    return torch.lerp(ends[0], ends[1], ((level - low) / (high - low)).cpu()).item()


def steepest_fall(steps, losses):
    gaps = torch.tensor(steps).diff().to(losses.device)
    rates = (losses[:-1] - losses[1:]) / gaps
    if not (rates > 0).any():
        return None
    place = rates.argmax().item()
    return steps[place], steps[place + 1]


def loss_bump(steps, losses):
    heights = torch.stack([losses[i] - losses[: i + 1].min() for i in range(len(losses))])
    place = heights.argmax().item()
    return steps[place], heights[place].item()


def training_dynamics(steps, first_loss, second_loss, induction, level):
    if len(steps) < 2 or not (torch.tensor(steps).diff() > 0).all():
        raise ValueError("two or more rising steps are needed")
    best = induction.reshape(len(steps), -1).max(dim=1)[0]
    return dict(
        rise=rise_step(steps, best, level), fall=steepest_fall(steps, second_loss), bump=loss_bump(steps, first_loss)
    )
