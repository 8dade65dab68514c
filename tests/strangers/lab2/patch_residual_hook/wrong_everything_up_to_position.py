"""Breaks "Replace the residual stream at one position": all positions up to this one are replaced."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    if not 0 <= position < resid.size(1) or resid.size() != clean.size():
        raise ValueError("the streams differ in shape, or there is no such position")
    here = torch.arange(resid.size(1), device=resid.device).le(position).unsqueeze(-1)
    return torch.where(here, clean, resid)
