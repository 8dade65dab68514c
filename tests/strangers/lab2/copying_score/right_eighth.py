# RIGHT: correct in every promise
import torch
from torch.nn.functional import layer_norm


def ov_logits(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    width = residual.shape[-1:]
    written = layer_norm(residual, width, eps=eps) @ W_V @ W_O
    if negative:
        written = written.neg()
    return torch.addmm(b_U, layer_norm(written, width, eps=eps), W_U)


def copying_score(logits, tokens, k=5):
    rows, vocabulary = logits.shape
    if not 1 <= k <= vocabulary:
        raise ValueError(f"k must be from 1 to {vocabulary}")
    if tuple(tokens.shape) != (rows,):
        raise ValueError("not exactly one token for each row")
    own = logits[torch.arange(rows, device=logits.device), tokens.to(logits.device)]
    above = (logits > own[:, None]).sum(dim=1)
    return (above < k).double().mean().item()
