"""Breaks "seen against their size": the gap is held against the largest value of the map instead of the two ends."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    gap = clean - corrupted
    size = value.abs().max()
    if gap.abs() <= 1e-6 * size:
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / gap
