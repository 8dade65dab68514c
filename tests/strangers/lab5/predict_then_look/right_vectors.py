import torch
from jaxtyping import Bool, Float
from torch import Tensor


def brier_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    return (predicted.double() - happened.double()).square().mean().item()


def log_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    given = torch.where(happened, predicted.double(), 1 - predicted.double())
    return (-given.log()).mean().item()


def calibration_bins(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> list[tuple[int, float, float]]:
    predicted, happened = predicted.flatten(), happened.flatten()
    edges = torch.tensor([k / n_bins for k in range(1, n_bins)], dtype=predicted.dtype, device=predicted.device)
    place = torch.bucketize(predicted, edges, right=True)
    bins = []
    for k in range(n_bins):
        inside = place == k
        count = int(inside.sum())
        if count > 0:
            mean = predicted[inside].double().mean().item()
            share = happened[inside].double().mean().item()
            bins.append((count, mean, share))
    return bins


def predict_then_look(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> dict[str, float | None]:
    if predicted.shape != happened.shape:
        raise ValueError("the shapes differ")
    if predicted.numel() == 0:
        raise ValueError("no prediction")
    if not ((predicted >= 0) & (predicted <= 1)).all():
        raise ValueError("a probability is not between 0 and 1")
    if n_bins < 1:
        raise ValueError("at least one bin")
    brier = brier_score(predicted, happened)
    base = happened.double().mean().item()
    skill = None if base in (0.0, 1.0) else 1 - brier / (base * (1 - base))
    error = sum(
        count / predicted.numel() * abs(mean - share)
        for count, mean, share in calibration_bins(predicted, happened, n_bins)
    )
    return {"brier": brier, "log": log_score(predicted, happened), "skill": skill, "calibration_error": error}
