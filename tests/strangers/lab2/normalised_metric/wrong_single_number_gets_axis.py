"""Breaks "The same shape as value": a single number comes back with shape [1]."""

import math

from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    if math.isclose(clean.item(), corrupted.item(), rel_tol=1e-6):
        raise ValueError("both runs have the same metric")
    return value.reshape(-1, *value.shape[1:]).sub(corrupted).div(clean.sub(corrupted))
