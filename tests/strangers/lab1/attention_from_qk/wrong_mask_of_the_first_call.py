"""Breaks "causally masked" for a later, longer input: the mask is made once and kept, and longer texts are not masked
beyond it.
"""

import torch
from jaxtyping import Float
from torch import Tensor

kept: dict[str, Tensor] = {}


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    pos = q.shape[1]
    mask = kept.setdefault("future", torch.ones(pos, pos, dtype=torch.bool, device=q.device).triu(1))
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    size = min(pos, len(mask))
    scores[..., :size, :size] = scores[..., :size, :size].masked_fill(mask[:size, :size], -torch.inf)
    return scores.softmax(-1)
