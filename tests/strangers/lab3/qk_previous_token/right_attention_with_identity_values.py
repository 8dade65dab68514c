"""Lets the library's attention mix the rows of an identity matrix, which gives the pattern."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


class Circuit(NamedTuple):
    pattern: Tensor
    previous: Tensor


def qk_previous_token(W_pos, W_Q, W_K, b_Q, b_K, scale):
    pos = len(W_pos)
    if pos < 2 or not scale > 0:
        raise ValueError("two positions and a positive scale are needed")
    stream = (W_pos / scale).expand(len(W_Q), -1, -1)
    q = torch.baddbmm(b_Q.unsqueeze(1), stream, W_Q)
    k = torch.baddbmm(b_K.unsqueeze(1), stream, W_K)
    identity = torch.eye(pos, dtype=q.dtype, device=q.device).expand(len(W_Q), -1, -1)
    pattern = scaled_dot_product_attention(q, k, identity, is_causal=True)
    return Circuit(pattern, pattern[:, range(1, pos), range(pos - 1)].mean(-1))
