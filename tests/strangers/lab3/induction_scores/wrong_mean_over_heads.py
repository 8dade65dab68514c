"""Broken: "Shape `[layer, head]`" It averages over the heads, and the result is `[layer, batch]`."""

import torch
from jaxtyping import Float
from torch import Tensor


def induction_scores(pattern: Float[Tensor, "layer batch head query key"], half: int) -> Float[Tensor, "layer head"]:
    pos = 1 + 2 * half
    if pattern.shape[-2] != pos or pattern.shape[-1] != pos:
        raise ValueError("the pattern does not have 1 + 2 * half queries and keys")
    query = torch.arange(half + 1, pos, device=pattern.device)
    return pattern[..., query, query - half + 1].mean(dim=(2, 3))
