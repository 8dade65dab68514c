# WRONG: both directions are made to length 1 in the sum; promised: '$$D_i = \frac{\lVert \mathbf{w}_i \rVert^2}{\sum_j (\hat{\mathbf{w}}_i \cdot \mathbf{w}_j)^2}$$'
import torch
from jaxtyping import Float
from torch import Tensor


def toy_loss(
    W: Float[Tensor, "n_hidden n_features"],
    b: Float[Tensor, " n_features"],
    x: Float[Tensor, "batch n_features"],
    importance: Float[Tensor, " n_features"],
) -> Float[Tensor, ""]:
    """Compute the toy model's loss: weighted by importance, summed over features, averaged over the batch."""
    h = x @ W.T
    out = torch.relu(h @ W + b)
    errors = importance * (x - out) ** 2
    return errors.sum(dim=1).mean()


def superposition(
    batches: Float[Tensor, "step batch n_features"],
    n_hidden: int,
    importance: Float[Tensor, " n_features"],
    seed: int,
) -> tuple[Float[Tensor, "n_hidden n_features"], Float[Tensor, " n_features"]]:
    """Train the toy model, one step on each batch."""
    n_features = batches.shape[-1]
    generator = torch.Generator().manual_seed(seed)
    with torch.enable_grad():
        W = (torch.randn(n_hidden, n_features, generator=generator) * n_features**-0.5).to(batches.dtype)
        W.requires_grad_(True)
        b = torch.zeros(n_features, dtype=batches.dtype, requires_grad=True)
        optimizer = torch.optim.Adam([W, b], lr=0.02)
        for x in batches:
            optimizer.zero_grad()
            loss = toy_loss(W, b, x, importance)
            loss.backward()
            optimizer.step()
    return W.detach(), b.detach()


def feature_dimensionality(W: Float[Tensor, "n_hidden n_features"]) -> Float[Tensor, " n_features"]:
    """Compute how much of a dimension each feature has for itself."""
    norms = W.norm(dim=0)
    unit = W / torch.where(norms == 0, torch.ones_like(norms), norms)
    dots = unit.T @ unit
    total = dots.pow(2).sum(dim=1)
    return torch.where(norms == 0, torch.zeros_like(norms), norms**2 / torch.where(norms == 0, torch.ones_like(norms), total))
