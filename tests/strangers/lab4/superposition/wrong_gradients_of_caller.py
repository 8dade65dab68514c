# WRONG: trains without torch.enable_grad(), so it fails when the caller has switched gradients off; promised: 'Train inside torch.enable_grad()'
import torch


def toy_loss(W, b, x, importance):
    x_hat = torch.relu(x @ W.T @ W + b)
    return (importance * (x - x_hat) ** 2).sum(-1).mean()


def superposition(batches, n_hidden, importance, seed):
    n = batches.shape[-1]
    generator = torch.Generator().manual_seed(seed)
    W = (torch.randn(n_hidden, n, generator=generator) * n**-0.5).requires_grad_()
    b = torch.zeros(n, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=0.02)
    for batch in batches:
        loss = toy_loss(W, b, batch, importance)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return W.detach(), b.detach()


def feature_dimensionality(W):
    exact = W.double()
    length = torch.linalg.vector_norm(exact, dim=0)
    alive = length > 0
    unit = exact / torch.where(alive, length, torch.ones_like(length))
    shared = (unit.T @ exact).square().sum(dim=1)
    return torch.where(alive, length.square() / torch.where(alive, shared, torch.ones_like(shared)), 0.0).to(W.dtype)
