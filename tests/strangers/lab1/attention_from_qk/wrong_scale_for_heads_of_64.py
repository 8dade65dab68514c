"""Breaks "scaled scores" (1/sqrt(d_h)): the scale is the number that fits heads of width 64."""

import torch
from jaxtyping import Float
from torch import Tensor

SCALE = 8.0


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / SCALE
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1)
