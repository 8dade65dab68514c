"""Goes head by head and query by query, with a softmax over the keys that are there."""

import math

import torch


def qk_previous_token(W_pos, W_Q, W_K, b_Q, b_K, scale):
    if W_pos.size(0) < 2:
        raise ValueError("one position has nothing before it")
    if scale <= 0:
        raise ValueError("LayerNorm divides by a positive size")
    pos, heads = W_pos.size(0), W_Q.size(0)
    pattern = W_pos.new_zeros(heads, pos, pos)
    for head in range(heads):
        q = torch.addmm(b_Q[head], W_pos, W_Q[head], alpha=1 / scale)
        k = torch.addmm(b_K[head], W_pos, W_K[head], alpha=1 / scale)
        for i in range(pos):
            pattern[head, i, : i + 1] = (k[: i + 1] @ q[i] / math.sqrt(q.size(1))).softmax(0)
    previous = torch.stack([torch.diag(rows, -1).mean() for rows in pattern])
    return pattern, previous
