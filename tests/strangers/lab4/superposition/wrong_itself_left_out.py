# WRONG: leaves the feature itself out of the sum over j; promised: 'the sum runs over all features, i itself included', between 0 and 1
import math

import torch


def toy_loss(W, b, x, importance):
    guess = torch.relu(torch.addmm(b, x @ W.T, W))
    return torch.mv((x - guess).square(), importance).mean()


def superposition(batches, n_hidden, importance, seed):
    n_features = batches.shape[-1]
    dice = torch.Generator().manual_seed(seed)
    with torch.enable_grad():
        start = torch.randn(n_hidden, n_features, generator=dice) / math.sqrt(n_features)
        W = start.to(batches).requires_grad_(True)
        b = torch.zeros(n_features).to(batches).requires_grad_(True)
        optimiser = torch.optim.Adam([W, b], lr=0.02)
        for x in batches.detach():
            optimiser.zero_grad()
            toy_loss(W, b, x, importance).backward()
            optimiser.step()
    return W.detach(), b.detach()


def feature_dimensionality(W):
    exact = W.double()
    length = torch.linalg.vector_norm(exact, dim=0)
    alive = length > 0
    unit = exact / torch.where(alive, length, torch.ones_like(length))
    shared = (unit.T @ exact).square().fill_diagonal_(0).sum(dim=1)
    return torch.where(alive, length.square() / torch.where(alive, shared, torch.ones_like(shared)), 0.0).to(W.dtype)
