"""A tensor with a shape and no numbers: shape checks pass, and nothing can be compared."""
# expect: wrong
# exercise: induction_scores
# levels: full

import torch


def induction_scores(pattern, half):
    return torch.empty(pattern.shape[0], pattern.shape[2], device="meta")
