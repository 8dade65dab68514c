"""NaN: `abs(a - b) > tolerance` is false for it, so careless checks let it through."""
# expect: wrong
# exercise: induction_scores
# levels: full

import torch


def induction_scores(pattern, half):
    return torch.full((pattern.shape[0], pattern.shape[2]), float("nan"))
