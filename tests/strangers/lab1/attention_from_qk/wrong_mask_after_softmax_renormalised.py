"""Breaks "Every row sums to 1": masking after the softmax and dividing gives 0/0 when a forbidden score is far above
the others.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    pattern = scores.softmax(-1).masked_fill(future, 0.0)
    return pattern / pattern.sum(-1, keepdim=True)
