"""A tensor larger than any result may be."""
# expect: wrong
# exercise: induction_scores
# levels: full

import torch


def induction_scores(pattern, half):
    return torch.zeros(2**25)
