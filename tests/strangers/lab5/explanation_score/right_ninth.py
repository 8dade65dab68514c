from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Description = Callable[[Tensor], Tensor]  # from tokens [context, pos] to where the description fits, [context, pos]


def balanced_accuracy(said: Bool[Tensor, " n"], true: Bool[Tensor, " n"]) -> float:
    """Give the mean of two shares: how many answers are right where the truth is yes, and where it is no."""
    yes, no = int(true.sum()), int((~true).sum())
    if yes == 0 or no == 0:
        raise ValueError("the truth must be yes somewhere and no somewhere")
    hits = int((said & true).sum())
    alarms = int((said & ~true).sum())
    return (1 + hits / yes - alarms / no) / 2


def strength_bins(activations: Float[Tensor, "context pos"], n_bins: int) -> Int[Tensor, " context"]:
    """Sort active contexts into bins of equal size, by how strongly the latent is active."""
    strengths = activations.amax(dim=1).tolist()
    order = sorted((strength, place) for place, strength in enumerate(strengths) if strength > 0)
    if len(order) < n_bins:
        raise ValueError(f"{len(order)} active contexts do not fill {n_bins} bins")
    bins = [-1] * len(strengths)
    for rank, (_, place) in enumerate(order):
        bins[place] = rank * n_bins // len(order)
    return torch.tensor(bins, dtype=torch.long, device=activations.device)


def explanation_score(
    description: Description,
    tokens: Int[Tensor, "context pos"],
    activations: Float[Tensor, "context pos"],
    decoys: Bool[Tensor, "context pos"],
    n_bins: int,
) -> dict[str, float | list[float]]:
    """Score a description of a latent by detection and by fuzzing, in all and by strength."""
    bins = strength_bins(activations, n_bins)
    silent = bins == -1
    if not silent.any():
        raise ValueError("no context is silent")
    fits = description(tokens).bool()
    anywhere = fits.any(dim=1)

    def judged(marks: Tensor) -> Tensor:
        return (fits & marks).sum(dim=1) > (~fits & marks).sum(dim=1)

    right, wrong = judged(activations > 0), judged(decoys)

    def detection(members: Tensor) -> float:
        shown = members | silent
        return balanced_accuracy(anywhere[shown], members[shown])

    def fuzzing(members: Tensor) -> float:
        truth = torch.tensor([True, False], device=members.device).repeat_interleave(int(members.sum()))
        return balanced_accuracy(torch.cat([right[members], wrong[members]]), truth)

    each = [bins == number for number in range(n_bins)]
    return {
        "detection": detection(~silent),
        "fuzzing": fuzzing(~silent),
        "detection_by_bin": [detection(members) for members in each],
        "fuzzing_by_bin": [fuzzing(members) for members in each],
    }
