"""Broken: "the attention from query `i` to key `i - half + 1`, averaged over the batch" It counts how often this key
is the strongest of its row, and not how much attention it gets.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def induction_scores(pattern: Float[Tensor, "layer batch head query key"], half: int) -> Float[Tensor, "layer head"]:
    pos = 1 + 2 * half
    if pattern.shape[-2] != pos or pattern.shape[-1] != pos:
        raise ValueError("the pattern does not have 1 + 2 * half queries and keys")
    query = torch.arange(half + 1, pos, device=pattern.device)
    return (pattern[..., query, :].argmax(dim=-1) == query - half + 1).to(pattern.dtype).mean(dim=(1, 3))
