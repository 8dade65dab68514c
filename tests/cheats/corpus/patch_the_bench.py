"""The bench hands out inputs for which nothing needs to be computed."""
# expect: wrong
# exercise: induction_scores
# levels: full

import torch

from mechgrade.bench.transformer_lens.bench import Bench

Bench.pattern = lambda self, *shape, seed: torch.zeros(shape)
Bench.patterns = lambda self, tokens: torch.zeros(3, 2, 3, 19, 19)


def induction_scores(pattern, half):
    return torch.zeros(pattern.shape[0], pattern.shape[2])
