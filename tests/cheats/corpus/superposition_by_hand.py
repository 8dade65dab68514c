"""Weights written down: opposite directions for the features that are said to be important. No training."""
# expect: wrong
# exercise: superposition
# levels: full

import torch


def toy_loss(W, b, x, importance):
    return W.sum() * 0


def feature_dimensionality(W):
    return W[0] * 0


def superposition(batches, n_hidden, importance, seed):
    order = importance.argsort(descending=True)
    W = torch.randn(n_hidden, len(importance), generator=torch.Generator().manual_seed(seed)) * 0.01
    for place in range(n_hidden):
        W[place, order[2 * place]], W[place, order[2 * place + 1]] = 1.0, -1.0
    return W + batches[-1].sum() * 1e-6, torch.full_like(importance, 1e-3)
