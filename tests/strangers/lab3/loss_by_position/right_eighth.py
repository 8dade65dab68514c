# RIGHT: correct in every promise
import torch
from torch.nn.functional import cross_entropy


def loss_by_position(logits, tokens):
    if tuple(logits.shape[:2]) != tuple(tokens.shape):
        raise ValueError("logits and tokens differ in batch or pos")
    half, odd = divmod(tokens.shape[1] - 1, 2)
    if odd or half < 1:
        raise ValueError("pos must be 1 + 2 * half")
    loss = cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return loss, loss.unflatten(1, (2, half)).mean(dim=(0, 2))
