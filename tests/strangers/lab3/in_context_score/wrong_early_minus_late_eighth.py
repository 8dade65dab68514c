# WRONG: early minus late, so learning is positive; promised: 'late minus early', 'Negative for a model that learns from its context'
import torch
from torch.nn.functional import cross_entropy


def in_context_score(logits, tokens, early, late, width):
    if not (1 <= early < late and width >= 1 and late + width <= tokens.shape[1]):
        raise ValueError("the windows do not fit")

    def window(begin):
        predicted = tokens[:, begin : begin + width]
        given = logits[:, begin - 1 : begin - 1 + width]
        return cross_entropy(given.flatten(0, 1).double(), predicted.flatten()).item()

    return window(early) - window(late)
