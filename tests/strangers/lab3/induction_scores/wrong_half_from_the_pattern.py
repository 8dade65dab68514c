"""Broken: "ValueError: the pattern does not have `1 + 2 * half` queries and keys." `half` is worked out from the
pattern, and the argument ignored.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def induction_scores(pattern: Float[Tensor, "layer batch head query key"], half: int) -> Float[Tensor, "layer head"]:
    half = (pattern.shape[-1] - 1) // 2
    pos = 1 + 2 * half
    if pattern.shape[-2] != pos or pattern.shape[-1] != pos:
        raise ValueError("the pattern does not have 1 + 2 * half queries and keys")
    query = torch.arange(half + 1, pos, device=pattern.device)
    return pattern[..., query, query - half + 1].mean(dim=(1, 3))
