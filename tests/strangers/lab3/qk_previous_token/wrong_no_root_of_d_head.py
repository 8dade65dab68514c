"""Broken: "S_{ij} = q_i * k_j / sqrt(d_head)" The division by the root of d_head is left out."""

import torch
from jaxtyping import Float
from torch import Tensor


def qk_previous_token(
    W_pos: Float[Tensor, "pos d_model"],
    W_Q: Float[Tensor, "head d_model d_head"],
    W_K: Float[Tensor, "head d_model d_head"],
    b_Q: Float[Tensor, "head d_head"],
    b_K: Float[Tensor, "head d_head"],
    scale: float,
) -> tuple[Float[Tensor, "head query key"], Float[Tensor, " head"]]:
    if W_pos.shape[0] < 2:
        raise ValueError("fewer than two positions")
    if not scale > 0:
        raise ValueError("scale is not above 0")
    seen = W_pos / scale
    q = seen @ W_Q + b_Q[:, None]
    k = seen @ W_K + b_K[:, None]
    scores = q @ k.transpose(1, 2)
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    pattern = scores.masked_fill(future, -torch.inf).softmax(dim=-1)
    previous = pattern.diagonal(offset=-1, dim1=1, dim2=2).mean(dim=-1)
    return pattern, previous
