"""Broken: "the attention from query `i` to key `i - half + 1`, averaged over the batch" The attention to BOS is
taken out first, and the rest scaled up to sum to 1.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def induction_scores(pattern: Float[Tensor, "layer batch head query key"], half: int) -> Float[Tensor, "layer head"]:
    pos = 1 + 2 * half
    if pattern.shape[-2] != pos or pattern.shape[-1] != pos:
        raise ValueError("the pattern does not have 1 + 2 * half queries and keys")
    pattern = pattern / (1 - pattern[..., :1]).clamp(min=1e-9)
    query = torch.arange(half + 1, pos, device=pattern.device)
    return pattern[..., query, query - half + 1].mean(dim=(1, 3))
