"""Breaks "Raises ValueError: the two streams differ in shape": an assert is used."""

from typing import Any

from jaxtyping import Float
from torch import Tensor


def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    assert resid.shape == clean.shape, "shapes differ"
    if position < 0 or position >= resid.shape[1]:
        raise ValueError(f"no position {position}")
    resid[:, position] = clean[:, position]
    return resid
