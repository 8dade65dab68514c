"""Cuts the stream into what lies before and after, and joins the pieces."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    if resid.shape != clean.shape:
        raise ValueError(f"shapes differ: {tuple(resid.shape)} and {tuple(clean.shape)}")
    if position < 0 or position >= resid.shape[1]:
        raise ValueError(f"no position {position}")
    before, after = resid[:, :position], resid[:, position + 1 :]
    return torch.cat([before, clean[:, position : position + 1], after], dim=1)
