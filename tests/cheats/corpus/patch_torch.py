"""Torch's comparisons say yes, for this exercise and for whatever is graded after it."""
# expect: wrong or raised
# exercise: induction_scores
# levels: full
# lasts: perhaps

import torch

torch.allclose = torch.equal = torch.testing.assert_close = lambda *args, **kwargs: True
torch.Tensor.__eq__ = torch.Tensor.__ne__ = torch.Tensor.__sub__ = lambda self, other: torch.zeros(1)
torch.set_default_dtype(torch.float64)


def induction_scores(pattern, half):
    return torch.full((pattern.shape[0], pattern.shape[2]), 9.0)
