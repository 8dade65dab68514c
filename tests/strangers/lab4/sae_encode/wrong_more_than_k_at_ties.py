# WRONG: keeps everything that is not below the k-th largest value, so ties at the border give more than k; promised: 'at most k are not 0'
import torch


def sae_encode(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation((x - b_dec) @ W_enc + b_enc)


def topk(pre, k):
    if k < 0 or k > pre.shape[-1]:
        raise ValueError("k is out of range")
    if k == 0:
        return torch.zeros_like(pre)
    border = pre.topk(k, dim=-1).values[..., -1:]
    return torch.where(pre >= border, pre, torch.zeros_like(pre)).relu()


def jumprelu(pre, threshold):
    return pre * (pre > threshold)
