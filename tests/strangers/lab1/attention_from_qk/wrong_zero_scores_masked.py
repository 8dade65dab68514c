"""Breaks "the softmax over the keys of the scaled scores": every score of exactly 0 is taken for a forbidden one."""

import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    scores = scores.tril()
    scores[scores == 0] = -torch.inf
    return scores.softmax(-1)
