"""Zeros of the right shape."""
# expect: wrong
# exercise: induction_scores
# levels: full

import torch


def induction_scores(pattern, half):
    return torch.zeros(pattern.shape[0], pattern.shape[2])
