"""Breaks "Returns: the patched residual stream": edits in place and returns None."""

from typing import Any

from jaxtyping import Float
from torch import Tensor


def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    if resid.shape != clean.shape:
        raise ValueError(f"shapes differ: {tuple(resid.shape)} and {tuple(clean.shape)}")
    if position < 0 or position >= resid.shape[1]:
        raise ValueError(f"no position {position}")
    resid[:, position] = clean[:, position]
