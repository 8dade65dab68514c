# WRONG: turns all the logits round for the negative case, b_U too; promised: 'negated if asked for, normalised again, through W_U, plus b_U'
import torch
from torch.nn.functional import layer_norm


def ov_logits(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    width = residual.shape[-1:]
    written = layer_norm(residual, width, eps=eps) @ W_V @ W_O
    logits = layer_norm(written, width, eps=eps) @ W_U + b_U
    return -logits if negative else logits


def copying_score(logits, tokens, k=5):
    rows, vocabulary = logits.shape
    if not 1 <= k <= vocabulary:
        raise ValueError(f"k must be from 1 to {vocabulary}")
    if tuple(tokens.shape) != (rows,):
        raise ValueError("not exactly one token for each row")
    own = logits[torch.arange(rows, device=logits.device), tokens.to(logits.device)]
    above = (logits > own[:, None]).sum(dim=1)
    return (above < k).double().mean().item()
