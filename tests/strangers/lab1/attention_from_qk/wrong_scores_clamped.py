"""Breaks "the softmax over the keys of the scaled scores": scores are cut off at 30 to keep exp from overflowing."""

import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    weights = scores.clamp(-30, 30).exp().masked_fill(future, 0.0)
    return weights / weights.sum(-1, keepdim=True)
