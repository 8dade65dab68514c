"""Breaks "Raises ValueError: the two streams differ in shape": only batch and d_model are compared, so a longer clean
run goes through."""

from typing import Any

from jaxtyping import Float
from torch import Tensor


def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    if (resid.shape[0], resid.shape[2]) != (clean.shape[0], clean.shape[2]):
        raise ValueError(f"shapes differ: {tuple(resid.shape)} and {tuple(clean.shape)}")
    if position < 0 or position >= resid.shape[1]:
        raise ValueError(f"no position {position}")
    resid[:, position] = clean[:, position]
    return resid
