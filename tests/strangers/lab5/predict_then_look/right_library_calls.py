import torch
from jaxtyping import Bool, Float
from torch import Tensor


def brier_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    return torch.nn.functional.mse_loss(predicted.double(), happened.double()).item()


def log_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    p, o = predicted.double(), happened.double()
    gained = torch.special.xlogy(o, p) + torch.special.xlogy(1 - o, 1 - p)
    return -gained.mean().item()


def calibration_bins(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> list[tuple[int, float, float]]:
    p = predicted.reshape(-1)
    o = happened.reshape(-1).double()
    lower = (torch.arange(n_bins, dtype=torch.float64, device=p.device) / n_bins).to(p.dtype)
    place = (p[:, None] >= lower).sum(dim=1) - 1
    members = torch.nn.functional.one_hot(place, n_bins).double()
    counts = members.sum(dim=0)
    sums = torch.einsum("ik,i->k", members, p.double())
    hits = torch.einsum("ik,i->k", members, o)
    return [
        (int(count), float(total / count), float(hit / count))
        for count, total, hit in zip(counts, sums, hits)
        if count > 0
    ]


def predict_then_look(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> dict[str, float | None]:
    if n_bins < 1:
        raise ValueError("n_bins must be 1 or more")
    if predicted.shape != happened.shape or predicted.numel() == 0:
        raise ValueError("predictions and outcomes must have the same shape, and at least one entry")
    if predicted.min() < 0 or predicted.max() > 1 or predicted.isnan().any():
        raise ValueError("probabilities lie between 0 and 1")
    brier = brier_score(predicted, happened)
    simple = torch.var(happened.double(), correction=0).item()
    bins = torch.tensor(calibration_bins(predicted, happened, n_bins), dtype=torch.float64)
    count, mean, share = bins.T
    decided = bool(happened.all()) or not bool(happened.any())
    return {
        "brier": brier,
        "log": log_score(predicted, happened),
        "skill": None if decided else 1 - brier / simple,
        "calibration_error": ((mean - share).abs() @ count / count.sum()).item(),
    }
