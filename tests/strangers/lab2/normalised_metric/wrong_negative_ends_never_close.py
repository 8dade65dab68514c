"""Breaks "the same up to rounding (seen against their size...)": the size is taken with its sign, so two negative
ends are never the same unless exactly."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    gap = clean - corrupted
    size = torch.maximum(clean, corrupted).clamp(min=0)
    if gap.abs() <= 1e-6 * size:
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / gap
