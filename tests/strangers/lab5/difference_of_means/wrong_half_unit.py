# WRONG: the part along the unit vector is taken away along the direction at its full length; promised: 'Each is orthogonal to the direction.'
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Block = Callable[[Tensor], Tensor]


def difference_of_means(
    positive: Float[Tensor, "positive d_model"], negative: Float[Tensor, "negative d_model"]
) -> Float[Tensor, " d_model"]:
    """Give the mean activation with a behaviour minus the mean activation without it."""
    if len(positive) == 0 or len(negative) == 0:
        raise ValueError("one of the sets is empty")
    return positive.mean(dim=0) - negative.mean(dim=0)


def project_out(
    activations: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    """Remove the part of each activation that lies along a direction."""
    if (direction == 0).all():
        raise ValueError("the direction is zero")
    unit = direction / direction.norm()
    return activations - (activations @ unit)[..., None] * direction


def stream_without(
    blocks: Sequence[Block], stream: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    """Carry a residual stream through blocks that each add to it, with a direction projected out everywhere."""
    for block in blocks:
        stream = project_out(stream, direction)
        stream = stream + block(stream)
    return project_out(stream, direction)
