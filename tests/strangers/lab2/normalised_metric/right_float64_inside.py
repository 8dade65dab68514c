"""Computes in float64, with a tolerance from the type of the inputs, and gives back the type of the value."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    top, bottom, middle = (number.to(torch.float64) for number in (clean, corrupted, value))
    rounding = 16 * torch.finfo(clean.dtype).eps
    if bool(torch.isclose(top, bottom, rtol=rounding, atol=0.0)):
        raise ValueError("clean and corrupted cannot be told apart")
    return ((middle - bottom) / (top - bottom)).to(value.dtype)
