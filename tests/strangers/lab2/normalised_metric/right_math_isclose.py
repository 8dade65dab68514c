"""Uses math.isclose, whose default has no absolute tolerance, on python floats."""

import math

from jaxtyping import Float
from torch import Tensor


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    if math.isclose(clean.item(), corrupted.item(), rel_tol=1e-6):
        raise ValueError("both runs have the same metric")
    return value.sub(corrupted).div(clean.sub(corrupted))
