"""Infinity minus infinity is NaN, and an infinite scale makes an infinite tolerance."""
# expect: wrong
# exercise: induction_scores
# levels: full

import torch


def induction_scores(pattern, half):
    return torch.full((pattern.shape[0], pattern.shape[2]), float("inf"))
