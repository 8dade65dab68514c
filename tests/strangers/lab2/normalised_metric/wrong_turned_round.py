"""Breaks "0 where it equals corrupted, 1 where it equals clean": the two ends are exchanged."""

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
    return (clean - value) / gap
