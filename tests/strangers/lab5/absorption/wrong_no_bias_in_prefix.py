# WRONG: the decoder bias is part of the last prefix only; promised: 'the decoder bias, shape `[d_in]`, part of every reconstruction'
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
        raise ValueError("k is negative")
    flat = before.relu().flatten()
    values, places = flat.topk(min(k * before.shape[0], flat.numel()))
    return torch.zeros_like(flat).scatter(0, places, values).reshape(before.shape)


def matryoshka_loss(
    x: Float[Tensor, "sample d_in"],
    latents: Float[Tensor, "sample latent"],
    W_dec: Float[Tensor, "latent d_in"],
    b_dec: Float[Tensor, " d_in"],
    prefixes: Sequence[int],
) -> Float[Tensor, ""]:
    """Sum the reconstruction errors of nested prefixes of the latents."""
    if len(prefixes) == 0 or prefixes[0] < 1 or prefixes[-1] != latents.shape[1]:
        raise ValueError("wrong prefixes")
    if any(b <= a for a, b in itertools.pairwise(prefixes)):
        raise ValueError("prefixes must rise")
    loss = 0.0
    for m in prefixes:
        reconstruction = latents[:, :m] @ W_dec[:m] + (b_dec if m == prefixes[-1] else 0)
        loss = loss + (x - reconstruction).pow(2).sum(dim=1).mean()
    return loss


def match_latents(
    W_dec: Float[Tensor, "latent d_in"], directions: Float[Tensor, "feature d_in"]
) -> Int[Tensor, " feature"]:
    """Find the latent that stands for each feature: the largest cosine similarity of decoder row and direction."""
    return cosines(W_dec, directions).argmax(dim=0)


def absorption(
    latents: Float[Tensor, "sample latent"],
    active: Bool[Tensor, "sample feature"],
    W_dec: Float[Tensor, "latent d_in"],
    directions: Float[Tensor, "feature d_in"],
    parents: Sequence[int | None],
    level: float,
) -> dict[int, float]:
    """Measure how often the latent of each child stands in for its parent's silent latent."""
    latent_of = match_latents(W_dec, directions)
    similar = cosines(W_dec, directions)
    rates = {}
    for child, parent in enumerate(parents):
        if parent is None:
            continue
        on = active[:, child]
        silent = latents[:, latent_of[parent]] == 0
        fires = latents[:, latent_of[child]] > 0
        points = similar[latent_of[child], parent] >= level
        absorbed = on & silent & fires & points
        rates[child] = (absorbed.sum() / on.sum()).item() if on.any() else 0.0
    return rates
