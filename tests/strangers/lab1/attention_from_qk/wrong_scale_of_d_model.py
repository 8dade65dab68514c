"""Breaks "scaled scores" (1/sqrt(d_h)): the width of all heads together is used."""

import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / (q.shape[2] * q.shape[3]) ** 0.5
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1)
