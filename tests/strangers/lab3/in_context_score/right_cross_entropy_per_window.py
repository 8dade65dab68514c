"""Asks the library's cross-entropy for the mean of each window only."""

from torch.nn.functional import cross_entropy


def window_loss(logits, tokens, start, width):
    given = logits[:, start - 1 : start + width - 1]
    wanted = tokens[:, start : start + width]
    return cross_entropy(given.reshape(-1, given.shape[-1]), wanted.reshape(-1)).item()


def in_context_score(logits, tokens, early, late, width):
    if not 1 <= early < late:
        raise ValueError("the windows must be in order, and begin at 1 or later")
    if width <= 0 or late + width - 1 > tokens.shape[-1] - 1:
        raise ValueError("the late window is empty or too long")
    return window_loss(logits, tokens, late, width) - window_loss(logits, tokens, early, width)
