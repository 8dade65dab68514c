# Breaks: `A probability of exactly k/K belongs to bin k` (int(p * K) rounds down: 0.29 with 100 bins lands in bin 28; float32 0.7 with 10 bins in bin 6)
import bisect
import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def pairs_of(predicted: Tensor, happened: Tensor) -> list[tuple[float, bool]]:
    return list(zip(predicted.flatten().tolist(), happened.flatten().tolist()))


def brier_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    total, number = 0.0, 0
    for p, came in pairs_of(predicted, happened):
        total += (p - 1) ** 2 if came else p**2
        number += 1
    return total / number


def log_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    costs = []
    for p, came in pairs_of(predicted, happened):
        q = p if came else 1 - p
        costs.append(math.inf if q == 0 else -math.log(q))
    return sum(costs) / len(costs)


def calibration_bins(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> list[tuple[int, float, float]]:
    members: dict[int, list[tuple[float, bool]]] = {}
    for p, came in pairs_of(predicted, happened):
        members.setdefault(min(int(p * n_bins), n_bins - 1), []).append((p, came))
    result = []
    for k in sorted(members):
        count = len(members[k])
        mean = math.fsum(p for p, _ in members[k]) / count
        share = sum(came for _, came in members[k]) / count
        result.append((count, mean, share))
    return result


def predict_then_look(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> dict[str, float | None]:
    if tuple(predicted.shape) != tuple(happened.shape):
        raise ValueError("one outcome for each prediction, please")
    both = pairs_of(predicted, happened)
    if not both:
        raise ValueError("there is no prediction")
    for p, _ in both:
        if not 0 <= p <= 1:
            raise ValueError(f"{p} is no probability")
    if n_bins < 1:
        raise ValueError("n_bins is below 1")
    number, yes = len(both), sum(came for _, came in both)
    brier = brier_score(predicted, happened)
    skill = None
    if 0 < yes < number:
        share = yes / number
        skill = 1 - brier / (share * (1 - share))
    error = 0.0
    for count, mean, share in calibration_bins(predicted, happened, n_bins):
        error += count * abs(mean - share)
    return {
        "brier": brier,
        "log": log_score(predicted, happened),
        "skill": skill,
        "calibration_error": error / number,
    }
