"""Leaves the key bias out, since it adds the same to all keys of a row and the softmax drops it."""

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
    pos, d_head = W_pos.shape[0], W_Q.shape[2]
    q = torch.einsum("pm,nmh->nph", W_pos, W_Q) / scale + b_Q.unsqueeze(1)
    k = torch.einsum("pm,nmh->nph", W_pos, W_K) / scale
    scores = torch.einsum("nih,njh->nij", q, k) * d_head**-0.5
    wall = torch.full((pos, pos), float("-inf"), dtype=scores.dtype, device=scores.device).triu(diagonal=1)
    pattern = torch.softmax(scores + wall, dim=2)
    step = torch.arange(1, pos, device=pattern.device)
    return pattern, pattern[:, step, step - 1].sum(dim=1) / (pos - 1)
