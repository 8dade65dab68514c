"""Breaks "q: the queries, shape `[batch, pos, head, d_head]`": a view raises for an input that is not contiguous."""

import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    batch, pos, head, width = q.shape
    queries = q.view(batch, pos, head * width).view(batch, pos, head, width).transpose(1, 2)
    keys = k.view(batch, pos, head * width).view(batch, pos, head, width).permute(0, 2, 3, 1)
    future = torch.ones(pos, pos, dtype=torch.bool, device=q.device).triu(1)
    return (queries @ keys / width**0.5).masked_fill(future, -torch.inf).softmax(-1)
