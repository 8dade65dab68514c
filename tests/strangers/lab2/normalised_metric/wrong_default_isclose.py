"""Breaks "seen against their size": torch.isclose adds an absolute tolerance of 1e-8, so very small ends that differ
by half are refused."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    gap = clean - corrupted
    size = torch.maximum(clean.abs(), corrupted.abs())
    if torch.isclose(clean, corrupted, rtol=1e-6):
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / gap
