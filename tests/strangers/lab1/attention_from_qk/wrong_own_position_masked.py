"""Breaks "causally masked" (j up to i): a position does not attend to itself, except for the first."""

import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    hidden = torch.ones_like(scores, dtype=torch.bool).triu(0)
    hidden[..., 0, 0] = False
    return scores.masked_fill(hidden, -torch.inf).softmax(-1)
