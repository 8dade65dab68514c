"""Every generator gives zeros, and the seeds of the inputs are read off."""
# expect: wrong
# exercise: induction_scores
# levels: full

import random

import numpy as np
import torch

SEEDS = []
torch.manual_seed(0)
random.seed(0)
np.random.seed(0)


def zeros(*shape, **kwargs):
    SEEDS.append(repr(kwargs.get("generator")))
    return torch.zeros(shape[0] if isinstance(shape[0], tuple) else shape)


torch.randn = torch.rand = zeros
torch.randint = lambda low, high, size, **kwargs: torch.zeros(size, dtype=torch.int64)


def induction_scores(pattern, half):
    return torch.full((pattern.shape[0], pattern.shape[2]), 0.5)
