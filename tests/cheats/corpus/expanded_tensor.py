"""One number that claims to be a million million of them: it must be refused by its size, before anyone copies it."""
# expect: wrong
# exercise: induction_scores
# levels: full

import torch


def induction_scores(pattern, half):
    return torch.zeros(1).expand(2**40)
