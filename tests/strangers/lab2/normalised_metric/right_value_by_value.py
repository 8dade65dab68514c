"""A list comprehension over the flat map, reshaped at the end; for one number as for many."""

import torch
from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    top, bottom = float(clean), float(corrupted)
    if abs(top - bottom) <= 1e-6 * max(abs(top), abs(bottom)):
        raise ValueError("nothing was corrupted")
    scaled = [(number - bottom) / (top - bottom) for number in value.flatten().tolist()]
    return torch.tensor(scaled, dtype=value.dtype, device=value.device).reshape(value.shape)
