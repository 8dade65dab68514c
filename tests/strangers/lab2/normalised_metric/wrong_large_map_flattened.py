"""Breaks "The same shape as value": a map with more than two axes is flattened after the second."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    gap = clean - corrupted
    size = torch.maximum(clean.abs(), corrupted.abs())
    if gap.abs() <= 1e-6 * size:
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return ((value - corrupted) / gap).flatten(2) if value.ndim > 2 else (value - corrupted) / gap
