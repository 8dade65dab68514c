# WRONG: computes the softmax by hand with exp and no maximum taken off; promised: 'This holds for scores of any size: they can be far above 100'
import torch


def attention_from_qk(q, k):
    pos = q.shape[1]
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    weights = scores.exp() * torch.tril(torch.ones(pos, pos, device=q.device, dtype=q.dtype))
    return weights / weights.sum(dim=-1, keepdim=True)
