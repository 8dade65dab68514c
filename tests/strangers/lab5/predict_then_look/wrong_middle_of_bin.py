# WRONG: each bin gives its middle, not the mean of the predictions in it; promised: 'the mean of these predictions'
import torch
from jaxtyping import Bool, Float
from torch import Tensor


def brier_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    """Give the mean squared distance between predicted probabilities and outcomes."""
    return (predicted.double() - happened.double()).pow(2).mean().item()


def log_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    """Give the mean of the negative natural logarithm of the probability given to what came."""
    p = predicted.double()
    q = torch.where(happened, p, 1 - p)
    return (-q.log()).mean().item()


def calibration_bins(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> list[tuple[int, float, float]]:
    """Sort predictions into bins of equal width, and compare what was said in each bin with what happened."""
    p = predicted.flatten()
    o = happened.flatten()
    place = (p * n_bins).floor().long().clamp(max=n_bins - 1)
    result = []
    for k in range(n_bins):
        inside = place == k
        if inside.any():
            result.append((int(inside.sum()), (k + 0.5) / n_bins, o[inside].double().mean().item()))
    return result


def predict_then_look(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> dict[str, float | None]:
    """Score a predicted map against what came."""
    if predicted.shape != happened.shape:
        raise ValueError("the shapes differ")
    if predicted.numel() == 0:
        raise ValueError("there is no prediction")
    if (predicted < 0).any() or (predicted > 1).any():
        raise ValueError("a probability must be between 0 and 1")
    if n_bins < 1:
        raise ValueError("n_bins must be at least 1")
    brier = brier_score(predicted, happened)
    share = happened.double().mean().item()
    simple = share * (1 - share)
    skill = None if happened.all() or not happened.any() else 1 - brier / simple
    bins = calibration_bins(predicted, happened, n_bins)
    error = sum(n * abs(mean - came) for n, mean, came in bins) / predicted.numel()
    return {"brier": brier, "log": log_score(predicted, happened), "skill": skill, "calibration_error": error}
