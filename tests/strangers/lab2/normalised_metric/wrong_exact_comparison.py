"""Breaks "the same up to rounding (seen against their size, not only exactly)": only exact equality is an error."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    gap = clean - corrupted
    size = torch.maximum(clean.abs(), corrupted.abs())
    if gap == 0:
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / gap
