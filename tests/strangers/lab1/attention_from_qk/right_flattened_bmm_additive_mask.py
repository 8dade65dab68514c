"""Road: batch and head flattened into one axis, an additive mask of minus infinity given to torch.baddbmm."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    queries, keys = rearrange(q, "b i n d -> (b n) i d"), rearrange(k, "b j n d -> (b n) d j")
    size = q.shape[1]
    mask = torch.full((size, size), -torch.inf, dtype=q.dtype, device=q.device).triu(diagonal=1)
    scores = torch.baddbmm(mask.expand(len(queries), -1, -1), queries, keys, alpha=q.shape[3] ** -0.5)
    return rearrange(scores.softmax(2), "(b n) i j -> b n i j", n=q.shape[2])
