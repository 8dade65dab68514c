"""Breaks "by that of the clean run": the clean values are kept for each position, and a later call with another clean
run gets the old ones."""

from typing import Any

from jaxtyping import Float
from torch import Tensor


KEPT: dict[Any, Tensor] = {}


def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    if resid.shape != clean.shape:
        raise ValueError(f"shapes differ: {tuple(resid.shape)} and {tuple(clean.shape)}")
    if position < 0 or position >= resid.shape[1]:
        raise ValueError(f"no position {position}")
    resid[:, position] = KEPT.setdefault((position, clean.shape), clean[:, position].clone())
    return resid
