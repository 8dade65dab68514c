"""A tensor of no axes, and one of many numbers."""
# expect: wrong or raised
# exercise: superposition
# levels: full

import torch


def toy_loss(W, b, x, importance):
    return W.sum() * 0


def feature_dimensionality(W):
    return W[0] * 0


def superposition(batches, n_hidden, importance, seed):
    return torch.tensor(1.0), torch.zeros(2**20)
