"""Road: the toy model is a module; the start is drawn in fork_rng, which gives the global state back; the
dimensionality goes feature by feature."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _Toy(nn.Module):
    def __init__(self, W: Tensor, b: Tensor) -> None:
        super().__init__()
        self.W, self.b = nn.Parameter(W), nn.Parameter(b)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.linear(x, self.W)
        return F.relu(F.linear(hidden, self.W.T, self.b))


def toy_loss(W: Tensor, b: Tensor, x: Tensor, importance: Tensor) -> Tensor:
    hidden = torch.einsum("hf,bf->bh", W, x)
    made = torch.clamp(torch.einsum("hf,bh->bf", W, hidden) + b, min=0)
    return torch.einsum("bf,f->", (made - x) ** 2, importance) / x.shape[0]


def superposition(batches: Tensor, n_hidden: int, importance: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    width = batches.shape[2]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        W = torch.empty(n_hidden, width).normal_(std=width**-0.5)
    toy = _Toy(W.to(batches), torch.zeros(width).to(batches))
    optimiser = torch.optim.Adam(toy.parameters(), lr=0.02)
    for x in batches:
        loss = ((x - toy(x)).square() @ importance.to(x)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return toy.W.detach().clone(), toy.b.detach().clone()


def feature_dimensionality(W: Tensor) -> Tensor:
    result = torch.zeros_like(W[0])
    for i, w in enumerate(W.T):
        if (w != 0).any():
            unit = w / w.norm()
            result[i] = w.square().sum() / sum(torch.dot(unit, other) ** 2 for other in W.T)
    return result
