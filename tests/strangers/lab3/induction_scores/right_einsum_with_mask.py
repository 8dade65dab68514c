"""Weighs the pattern with a mask of the wanted cells and sums in one einsum."""

import torch
from jaxtyping import Float
from torch import Tensor


def induction_scores(pattern: Float[Tensor, "layer batch head query key"], half: int) -> Float[Tensor, "layer head"]:
    _, batch, _, queries, keys = pattern.shape
    if not queries == keys == 2 * half + 1:
        raise ValueError(f"{queries} queries and {keys} keys, but half is {half}")
    mask = torch.zeros(queries, keys, dtype=pattern.dtype, device=pattern.device)
    for i in range(half + 1, 2 * half + 1):
        mask[i, i - half + 1] = 1
    return torch.einsum("lbnqk,qk->ln", pattern, mask) / (batch * half)
