"""One number that claims to be a million million of them: who copies it runs out of memory."""
# expect: out_of_memory or raised
# exercise: induction_scores
# levels: full

import torch


def induction_scores(pattern, half):
    return torch.zeros(1).expand(2**40)
