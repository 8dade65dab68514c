import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def cosines(
    W_dec: Float[Tensor, "latent d_in"], directions: Float[Tensor, "feature d_in"]
) -> Float[Tensor, "latent feature"]:
    """Give the cosine similarity of every decoder row with every direction."""
    rows, columns = (torch.nn.functional.normalize(vectors, dim=1) for vectors in (W_dec, directions))
    return rows @ columns.T


def batch_topk(before: Float[Tensor, "sample latent"], k: int) -> Float[Tensor, "sample latent"]:
    """Keep the largest positive values of a whole batch, k for each sample on average."""
    if k < 0:
        raise ValueError(f"k = {k} is negative")
    order = before.detach().flatten().argsort(descending=True)
    room = torch.ones_like(order, dtype=torch.bool)
    room[order[: len(before) * k]] = False  # True: no place for this value
    return before.masked_fill(room.reshape(before.shape) | (before <= 0), 0.0)


def matryoshka_loss(
    x: Float[Tensor, "sample d_in"],
    latents: Float[Tensor, "sample latent"],
    W_dec: Float[Tensor, "latent d_in"],
    b_dec: Float[Tensor, " d_in"],
    prefixes: Sequence[int],
) -> Float[Tensor, ""]:
    """Sum the reconstruction errors of nested prefixes of the latents."""
    ends = [0, *prefixes]
    if len(ends) == 1 or any(low >= high for low, high in zip(ends, ends[1:], strict=False)):
        raise ValueError(f"prefixes must rise, from 1 at least: {list(prefixes)}")
    if ends[-1] != latents.shape[1]:
        raise ValueError(f"the last prefix is {ends[-1]}, there are {latents.shape[1]} latents")
    # What is left of x shrinks from prefix to prefix: each adds only its own part.
    left = x - b_dec
    total = x.new_zeros(())
    for low, high in itertools.pairwise(ends):
        left = left - latents[:, low:high] @ W_dec[low:high]
        total = total + left.square().sum() / len(x)
    return total


def match_latents(
    W_dec: Float[Tensor, "latent d_in"], directions: Float[Tensor, "feature d_in"]
) -> Int[Tensor, " feature"]:
    """Find the latent that stands for each feature: the largest cosine similarity of decoder row and direction."""
    return cosines(W_dec, directions).max(dim=0).indices


def absorption(
    latents: Float[Tensor, "sample latent"],
    active: Bool[Tensor, "sample feature"],
    W_dec: Float[Tensor, "latent d_in"],
    directions: Float[Tensor, "feature d_in"],
    parents: Sequence[int | None],
    level: float,
) -> dict[int, float]:
    """Measure how often the latent of each child stands in for its parent's silent latent."""
    stands = match_latents(W_dec, directions).tolist()
    similar = cosines(W_dec, directions)
    rates: dict[int, float] = {}
    for child, parent in enumerate(parents):
        if parent is None:
            continue
        rates[child] = 0.0
        cases = latents[active[:, child]]
        if len(cases) and float(similar[stands[child], parent]) >= level:
            holes = (cases[:, stands[parent]] == 0) & (cases[:, stands[child]] > 0)
            rates[child] = int(holes.sum()) / len(cases)
    return rates
