"""The same, past autograd's version counter."""
# expect: wrong
# exercise: induction_scores
# levels: full

import ctypes

import torch


def induction_scores(pattern, half):
    ctypes.memset(pattern.data_ptr(), 0, pattern.nbytes)
    return torch.zeros(pattern.shape[0], pattern.shape[2])
