"""Breaks "0 where it equals corrupted, 1 where it equals clean": a clean value below the corrupted one is refused,
since the gap is compared with its sign."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    gap = clean - corrupted
    size = torch.maximum(clean.abs(), corrupted.abs())
    if gap <= 1e-6 * size:
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / gap
