# RIGHT: correct in every promise
import torch


def attention_from_qk(q, k):
    pos, width = q.shape[1], q.shape[-1]
    scores = torch.matmul(q.transpose(1, 2), k.permute(0, 2, 3, 1)) * width**-0.5
    allowed = torch.ones(pos, pos, dtype=scores.dtype, device=scores.device).tril()
    return torch.softmax(scores + allowed.log(), dim=-1)  # log 0 is minus infinity, log 1 is 0
