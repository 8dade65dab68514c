"""Breaks "Raises ValueError: clean and corrupted are the same up to rounding": ends that differ by half a percent are
refused."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    gap = clean - corrupted
    size = torch.maximum(clean.abs(), corrupted.abs())
    if gap.abs() <= 1e-2 * size:
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / gap
