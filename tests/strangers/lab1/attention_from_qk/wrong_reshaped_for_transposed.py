"""Breaks "queries, shape `[batch, pos, head, d_head]`": head and position are exchanged by a reshape, which is right
for one head only.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    batch, pos, head, width = q.shape
    queries, keys = q.reshape(batch, head, pos, width), k.reshape(batch, head, pos, width)
    scores = queries @ keys.transpose(-1, -2) / width**0.5
    future = torch.ones(pos, pos, dtype=torch.bool, device=q.device).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1)
