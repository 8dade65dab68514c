"""Broken: 'the sum over j of (w-hat_i . w_j)^2': both are taken as unit vectors, and the length on top is left
out."""

import torch
from torch import Tensor


def toy_loss(W: Tensor, b: Tensor, x: Tensor, importance: Tensor) -> Tensor:
    made = torch.relu(x @ W.T @ W + b)
    return (importance * (x - made).pow(2)).sum(dim=-1).mean()


def superposition(batches: Tensor, n_hidden: int, importance: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    n_features = batches.shape[-1]
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(n_hidden, n_features, generator=generator) / n_features**0.5
    W = start.to(batches).requires_grad_(True)
    b = torch.zeros_like(batches[0, 0]).requires_grad_(True)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for batch in batches:
            optimiser.zero_grad()
            toy_loss(W, b, batch, importance).backward()
            optimiser.step()
    return W.detach(), b.detach()


def feature_dimensionality(W: Tensor) -> Tensor:
    lengths = W.norm(dim=0)
    units = W / torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    shared = (units.T @ units).pow(2).sum(dim=1)
    return (lengths > 0).to(W.dtype) / torch.where(lengths == 0, torch.ones_like(shared), shared)
