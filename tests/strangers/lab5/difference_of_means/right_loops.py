from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Block = Callable[[Tensor], Tensor]


def difference_of_means(
    positive: Float[Tensor, "positive d_model"], negative: Float[Tensor, "negative d_model"]
) -> Float[Tensor, " d_model"]:
    if positive.shape[0] == 0:
        raise ValueError("no activations with the behaviour")
    if negative.shape[0] == 0:
        raise ValueError("no activations without the behaviour")
    d_model = positive.shape[1]
    total = torch.zeros(d_model, dtype=torch.float64, device=positive.device)
    for row in positive:
        total = total + row.double() / positive.shape[0]
    for row in negative:
        total = total - row.double() / negative.shape[0]
    return total.to(positive.dtype)


def project_out(
    activations: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    if bool((direction == 0).all()):
        raise ValueError("a zero direction has no unit vector")
    wide = direction.double()
    wide = wide / wide.abs().max()
    square = torch.dot(wide, wide)
    rows = activations.double().reshape(-1, activations.shape[-1])
    result = torch.empty_like(rows)
    for place, row in enumerate(rows):
        result[place] = row - torch.dot(row, wide) / square * wide
    return result.reshape(activations.shape).to(activations.dtype)


def stream_without(
    blocks: Sequence[Block], stream: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    now = project_out(stream, direction)
    for block in blocks:
        added = block(now.clone())
        now = project_out(now + added, direction)
    return now
