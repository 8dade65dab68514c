"""Breaks "Raises ValueError: clean and corrupted are the same up to rounding": a map of nan is returned."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    gap = clean - corrupted
    size = torch.maximum(clean.abs(), corrupted.abs())
    if gap.abs() <= 1e-6 * size:
        return torch.full_like(value, torch.nan)
    return (value - corrupted) / gap
