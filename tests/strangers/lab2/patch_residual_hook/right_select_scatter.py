"""A decorator checks the bound arguments; the patch itself is one call of select_scatter."""

import inspect
from functools import wraps
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def checked(function):
    signature = inspect.signature(function)

    @wraps(function)
    def inner(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        shape = given["resid"].shape
        if shape != given["clean"].shape:
            raise ValueError(f"{shape} is not {given['clean'].shape}")
        if not -1 < given["position"] < shape[-2]:
            raise ValueError(f"position {given['position']} is not one of {shape[-2]}")
        return function(*args, **kwargs)

    return inner


@checked
def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    return torch.select_scatter(resid, clean.select(1, position), dim=1, index=position)
