# WRONG: that there are fewer active contexts than bins is never checked; promised: 'there are fewer active contexts than bins'
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Description = Callable[[Tensor], Tensor]  # from tokens [context, pos] to where the description fits, [context, pos]


def balanced_accuracy(said: Bool[Tensor, " n"], true: Bool[Tensor, " n"]) -> float:
    """Give the mean of two shares: how many answers are right where the truth is yes, and where it is no."""
    if not true.any() or true.all():
        raise ValueError("the truth must be yes and no")
    yes = said[true].double().mean()
    no = (~said[~true]).double().mean()
    return ((yes + no) / 2).item()


def strength_bins(activations: Float[Tensor, "context pos"], n_bins: int) -> Int[Tensor, " context"]:
    """Sort active contexts into bins of equal size, by how strongly the latent is active."""
    strength = activations.max(dim=1).values
    active = (strength > 0).nonzero()[:, 0]
    n = len(active)
    order = active[strength[active].argsort(stable=True)]
    bins = torch.full((len(activations),), -1, dtype=torch.long)
    bins[order] = torch.arange(n) * n_bins // n
    return bins


def explanation_score(
    description: Description,
    tokens: Int[Tensor, "context pos"],
    activations: Float[Tensor, "context pos"],
    decoys: Bool[Tensor, "context pos"],
    n_bins: int,
) -> dict[str, float | list[float]]:
    """Score a description of a latent by detection and by fuzzing, in all and by strength."""
    active = activations > 0
    truth = active.any(dim=1)
    if truth.all():
        raise ValueError("no context is silent")
    bins = strength_bins(activations, n_bins)
    fits = description(tokens)
    said = fits.any(dim=1)

    def accepted(marks):
        return (fits & marks).sum(dim=1) / marks.sum(dim=1) > 0.5

    good, bad = accepted(active), accepted(decoys)

    def fuzz(rows):
        answers = torch.cat([good[rows], bad[rows]])
        labels = torch.cat([torch.ones_like(good[rows]), torch.zeros_like(bad[rows])])
        return balanced_accuracy(answers, labels)

    detection_by_bin, fuzzing_by_bin = [], []
    for b in range(n_bins):
        rows = (bins == b) | ~truth
        detection_by_bin.append(balanced_accuracy(said[rows], truth[rows]))
        fuzzing_by_bin.append(fuzz(bins == b))
    return {
        "detection": balanced_accuracy(said, truth),
        "fuzzing": fuzz(truth),
        "detection_by_bin": detection_by_bin,
        "fuzzing_by_bin": fuzzing_by_bin,
    }
