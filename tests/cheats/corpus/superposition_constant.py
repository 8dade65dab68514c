"""The weights of one good training, for every world."""
# expect: wrong
# exercise: superposition
# levels: full

import torch


def toy_loss(W, b, x, importance):
    return W.sum() * 0


def feature_dimensionality(W):
    return W[0] * 0


def superposition(batches, n_hidden, importance, seed):
    W = torch.zeros(n_hidden, len(importance))
    W[:, :n_hidden] = torch.eye(n_hidden)
    W[:, n_hidden : 2 * n_hidden] = -torch.eye(n_hidden)
    return W, torch.full_like(importance, 0.01)
