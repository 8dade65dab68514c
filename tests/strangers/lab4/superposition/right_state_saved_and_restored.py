"""Road: the global state is read, used with the seed and put back; the weights of importance are taken as square
roots into the distance; normalize makes the unit vectors."""

import torch
import torch.nn.functional as F
from torch import Tensor


def toy_loss(W: Tensor, b: Tensor, x: Tensor, importance: Tensor) -> Tensor:
    weight = importance.sqrt()
    made = F.relu(torch.addmm(b, x @ W.mT, W))
    return F.mse_loss(weight * made, weight * x, reduction="sum").div(x.shape[0])


def superposition(batches: Tensor, n_hidden: int, importance: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    before = torch.get_rng_state()
    try:
        torch.manual_seed(seed)
        W = torch.randn(n_hidden, batches.shape[-1], dtype=torch.float64) * batches.shape[-1] ** -0.5
    finally:
        torch.set_rng_state(before)
    parameters = {"W": W.to(batches), "b": torch.zeros_like(batches[0, 0])}
    for parameter in parameters.values():
        parameter.requires_grad = True
    adam = torch.optim.Adam(parameters.values(), lr=0.02)
    for x in batches.unbind(0):
        adam.zero_grad()
        toy_loss(**parameters, x=x, importance=importance).backward()
        adam.step()
    return parameters["W"].detach(), parameters["b"].detach()


def feature_dimensionality(W: Tensor) -> Tensor:
    units = F.normalize(W.T, dim=1, eps=1e-30)
    overlaps = torch.matmul(units, W).square().sum(dim=1)
    return torch.nan_to_num(W.square().sum(dim=0) / overlaps, nan=0.0)
