# WRONG: divides queries and keys by the scale after the bias was added; promised: q_i = p_i W_Q + b_Q with p_i = W_pos[i] / scale
import torch


def qk_previous_token(W_pos, W_Q, W_K, b_Q, b_K, scale):
    n = W_pos.shape[0]
    if n < 2 or scale <= 0:
        raise ValueError("bad input")
    q = (torch.einsum("pd,hde->hpe", W_pos, W_Q) + b_Q[:, None]) / scale
    k = (torch.einsum("pd,hde->hpe", W_pos, W_K) + b_K[:, None]) / scale
    scores = torch.einsum("hqe,hke->hqk", q, k) / W_Q.shape[-1] ** 0.5
    mask = torch.ones(n, n, dtype=torch.bool, device=scores.device).triu(1)
    pattern = scores.masked_fill(mask, float("-inf")).softmax(-1)
    return pattern, pattern.diagonal(-1, 1, 2).mean(-1)
