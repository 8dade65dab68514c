# Breaks: `The direction is projected out of what enters each block` (the block reads the stream before the projection)
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Block = Callable[[Tensor], Tensor]


def difference_of_means(
    positive: Float[Tensor, "positive d_model"], negative: Float[Tensor, "negative d_model"]
) -> Float[Tensor, " d_model"]:
    if len(positive) == 0 or len(negative) == 0:
        raise ValueError("one of the sets is empty")
    return positive.mean(dim=0) - negative.mean(dim=0)


def project_out(
    activations: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    if not direction.any():
        raise ValueError("the direction is zero")
    direction = direction / direction.abs().max()
    unit = (direction / direction.norm()).to(activations.dtype)
    along = (activations * unit).sum(dim=-1, keepdim=True)
    return activations - along * unit


def stream_without(
    blocks: Sequence[Block], stream: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    for block in blocks:
        stream = project_out(stream, direction) + block(stream)
    return project_out(stream, direction)
