"""Breaks "Replace ... by that of the clean run": the mean of the two runs is written."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    if tuple(resid.shape) != tuple(clean.shape):
        raise ValueError("the streams differ in shape")
    places = list(resid.unbind(dim=1))
    if position not in range(len(places)):
        raise ValueError("there is no such position")
    places[position] = torch.lerp(places[position], clean.unbind(dim=1)[position], 0.5)
    return torch.stack(places, dim=1)
