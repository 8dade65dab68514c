# RIGHT: correct in every promise
import torch


def sae_encode(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation(torch.nn.functional.linear(x - b_dec, W_enc.T, b_enc))


def topk(pre, k):
    if k not in range(pre.shape[-1] + 1):
        raise ValueError(f"k must be from 0 to {pre.shape[-1]}")
    place = pre.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)  # 0 for the largest
    return torch.where((place < k) & (pre > 0), pre, torch.zeros_like(pre))


def jumprelu(pre, threshold):
    return torch.where(pre > threshold, pre, torch.zeros_like(pre))
