from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Block = Callable[[Tensor], Tensor]


def difference_of_means(
    positive: Float[Tensor, "positive d_model"], negative: Float[Tensor, "negative d_model"]
) -> Float[Tensor, " d_model"]:
    counts = positive.size(0), negative.size(0)
    if min(counts) == 0:
        raise ValueError("both sets need at least one activation")
    weights = torch.cat(
        [
            torch.full((counts[0],), 1 / counts[0], dtype=torch.float64, device=positive.device),
            torch.full((counts[1],), -1 / counts[1], dtype=torch.float64, device=positive.device),
        ]
    )
    both = torch.cat([positive, negative]).double()
    return torch.einsum("n,nd->d", weights, both).to(positive.dtype)


def project_out(
    activations: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    if torch.count_nonzero(direction) == 0:
        raise ValueError("the direction is zero in all entries")
    scaled = direction.double() / direction.double().abs().max()
    unit = torch.nn.functional.normalize(scaled, dim=0)
    keep = torch.eye(len(unit), dtype=unit.dtype, device=unit.device) - torch.outer(unit, unit)
    return torch.einsum("...d,de->...e", activations.double(), keep).to(activations.dtype)


def stream_without(
    blocks: Sequence[Block], stream: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    # what is orthogonal stays orthogonal if only orthogonal things are added
    stream = project_out(stream, direction)
    for block in blocks:
        stream = stream + project_out(block(stream), direction)
    return project_out(stream, direction)
