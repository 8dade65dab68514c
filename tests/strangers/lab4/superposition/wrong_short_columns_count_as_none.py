# WRONG: columns shorter than 1e-3 get 0 ("0 where a column is all zeros, and only there")
import torch
from jaxtyping import Float
from torch import Tensor


def toy_loss(
    W: Float[Tensor, "n_hidden n_features"],
    b: Float[Tensor, " n_features"],
    x: Float[Tensor, "batch n_features"],
    importance: Float[Tensor, " n_features"],
) -> Float[Tensor, ""]:
    """Compute the toy model's loss: weighted by importance, summed over features, averaged over the batch.

    Source: Elhage et al. 2022, https://transformer-circuits.pub/2022/toy_model/index.html

    Args:
        W: one column for each feature's direction, shape `[n_hidden, n_features]`.
        b: shape `[n_features]`.
        x: features, shape `[batch, n_features]`.
        importance: shape `[n_features]`, none negative.

    Returns:
        A tensor without axes, through which gradients flow to `W` and `b`.

    """
    h = x @ W.T
    guess = torch.relu(h @ W + b)
    return (importance * (x - guess).pow(2)).sum(dim=-1).mean()


def superposition(
    batches: Float[Tensor, "step batch n_features"],
    n_hidden: int,
    importance: Float[Tensor, " n_features"],
    seed: int,
) -> tuple[Float[Tensor, "n_hidden n_features"], Float[Tensor, " n_features"]]:
    """Train the toy model, one step on each batch.

    Args:
        batches: the training data, a batch for each step, shape `[step, batch, n_features]`.
        n_hidden: the number of hidden dimensions, less than `n_features`.
        importance: shape `[n_features]`.
        seed: of the start. The same seed gives the same result. The global random states of PyTorch, NumPy and Python are
            the same afterwards.

    Returns:
        `W`, shape `[n_hidden, n_features]`, and `b`, shape `[n_features]`, without gradients. Train inside
        `torch.enable_grad()`: whoever calls you may have switched gradients off.

    """
    n_features = batches.shape[-1]
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(n_hidden, n_features, generator=generator) * n_features**-0.5
    with torch.enable_grad():
        W = start.to(batches).clone().requires_grad_()
        b = torch.zeros(n_features, dtype=W.dtype, device=W.device, requires_grad=True)
        optimizer = torch.optim.Adam([W, b], lr=0.02)
        for x in batches:
            optimizer.zero_grad()
            toy_loss(W, b, x.detach(), importance).backward()
            optimizer.step()
    return W.detach(), b.detach()


def feature_dimensionality(W: Float[Tensor, "n_hidden n_features"]) -> Float[Tensor, " n_features"]:
    """Compute how much of a dimension each feature has for itself.

    Source: Elhage et al. 2022, https://transformer-circuits.pub/2022/toy_model/index.html

    Args:
        W: one column for each feature's direction, shape `[n_hidden, n_features]`.

    Returns:
        Between 0 and 1 for each feature, shape `[n_features]`; 0 where a column is all zeros, and only there.

    """
    columns = W.detach().double()
    largest = columns.abs().amax(dim=0)
    there = columns.norm(dim=0) > 1e-3
    safe = torch.where(there, largest, torch.ones_like(largest))
    shrunk = columns / safe
    size = shrunk.norm(dim=0)
    unit = shrunk / torch.where(there, size, torch.ones_like(size))
    length = torch.where(there, safe * size, torch.ones_like(size))
    ratios = (unit.T @ columns) / length[:, None]
    share = 1 / ratios.pow(2).sum(dim=1)
    share = share.to(W.dtype).clamp(torch.finfo(W.dtype).tiny, 1)
    return torch.where(there, share, torch.zeros_like(share))
