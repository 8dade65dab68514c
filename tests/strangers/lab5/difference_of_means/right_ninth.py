from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Block = Callable[[Tensor], Tensor]


def difference_of_means(
    positive: Float[Tensor, "positive d_model"], negative: Float[Tensor, "negative d_model"]
) -> Float[Tensor, " d_model"]:
    """Give the mean activation with a behaviour minus the mean activation without it."""
    if min(len(positive), len(negative)) == 0:
        raise ValueError("a mean needs at least one activation in each set")
    # one weighted sum over all activations together
    everything = torch.cat([positive, negative])
    weights = torch.cat(
        [
            positive.new_full((len(positive),), 1 / len(positive)),
            negative.new_full((len(negative),), -1 / len(negative)),
        ]
    )
    return weights @ everything


def project_out(
    activations: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    """Remove the part of each activation that lies along a direction."""
    largest = direction.abs().max()
    if largest == 0:
        raise ValueError("a direction of zeros has no part along it")
    unit = direction / largest  # first, so that very short directions do not vanish in the squares
    unit = unit / unit.dot(unit).sqrt()
    return activations - torch.einsum("...d,d,e->...e", activations, unit, unit)


def stream_without(
    blocks: Sequence[Block], stream: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    """Carry a residual stream through blocks that each add to it, with a direction projected out everywhere."""
    clean = project_out(stream, direction)
    for block in blocks:
        clean = project_out(clean + block(clean), direction)
    return clean
