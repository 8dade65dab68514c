import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def brier_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    """Give the mean squared distance between predicted probabilities and outcomes."""
    return float(torch.where(happened, 1 - predicted.double(), predicted.double()).square().mean())


def log_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    """Give the mean of the negative natural logarithm of the probability given to what came."""
    total = 0.0
    for probability, came in zip(predicted.flatten().tolist(), happened.flatten().tolist(), strict=True):
        given = probability if came else 1 - probability
        total += -math.log(given) if given > 0 else math.inf
    return total / predicted.numel()


def calibration_bins(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> list[tuple[int, float, float]]:
    """Sort predictions into bins of equal width, and compare what was said in each bin with what happened."""
    said, came = predicted.flatten(), happened.flatten().double()
    numbers = (said * n_bins).floor().long().clamp(max=n_bins - 1)
    count = torch.bincount(numbers, minlength=n_bins)
    sums = torch.bincount(numbers, weights=said.double(), minlength=n_bins)
    hits = torch.bincount(numbers, weights=came, minlength=n_bins)
    return [
        (n, total / n, hit / n)
        for n, total, hit in zip(count.tolist(), sums.tolist(), hits.tolist(), strict=True)
        if n > 0
    ]


def predict_then_look(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> dict[str, float | None]:
    """Score a predicted map against what came."""
    if predicted.shape != happened.shape:
        raise ValueError(f"shapes {tuple(predicted.shape)} and {tuple(happened.shape)} differ")
    if predicted.numel() == 0 or n_bins < 1:
        raise ValueError("at least one prediction and one bin are needed")
    if not bool(((predicted >= 0) & (predicted <= 1)).all()):
        raise ValueError("probabilities lie between 0 and 1")
    n, yes = happened.numel(), int(happened.sum())
    brier = brier_score(predicted, happened)
    simple = yes * (n - yes) / n**2
    error = sum(count * abs(mean - share) for count, mean, share in calibration_bins(predicted, happened, n_bins)) / n
    return {
        "brier": brier,
        "log": log_score(predicted, happened),
        "skill": (simple - brier) / simple if simple > 0 else None,
        "calibration_error": error,
    }
