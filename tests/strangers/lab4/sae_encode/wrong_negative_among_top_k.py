# WRONG: keeps negative values where fewer than k are positive; promised: 'Keep the positive ones among the k largest', 'none is negative'
import torch


def sae_encode(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation((x - b_dec) @ W_enc + b_enc)


def topk(pre, k):
    if k < 0 or k > pre.shape[-1]:
        raise ValueError("k is out of range")
    values, indices = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, indices, values)


def jumprelu(pre, threshold):
    return pre * (pre > threshold)
