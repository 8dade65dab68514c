"""Road: an autoencoder as a module; batches come from shuffled passes over all tokens; the learning rate falls to 0
in the last fifth."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _TopK(nn.Module):
    def __init__(self, directions: Tensor, centre: Tensor, k: int) -> None:
        super().__init__()
        self.k = k
        self.W_enc = nn.Parameter(directions.T.clone())
        self.b_enc = nn.Parameter(torch.zeros_like(directions[:, 0]))
        self.W_dec = nn.Parameter(directions.clone())
        self.b_dec = nn.Parameter(centre.clone())

    def forward(self, x: Tensor) -> Tensor:
        pre = F.relu(torch.addmm(self.b_enc, x - self.b_dec, self.W_enc))
        values, indices = pre.topk(self.k, dim=-1)
        return torch.einsum("tk,tki->ti", values, self.W_dec[indices]) + self.b_dec


def training_tokens(activations: Tensor, mask: Tensor) -> tuple[Tensor, float]:
    rows = activations.reshape(-1, activations.shape[-1])[mask.reshape(-1).nonzero().squeeze(1)]
    mean_length = torch.linalg.vector_norm(rows, dim=-1).mean()
    factor = math.sqrt(rows.shape[-1]) / float(mean_length)
    return factor * rows, factor


def unscale(sae: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    powers = {"W_enc": 1, "b_enc": 0, "W_dec": -1, "b_dec": -1}
    return {name: weight * scale ** powers[name] for name, weight in sae.items()}


def train_sae(activations: Tensor, mask: Tensor, d_sae: int, k: int, steps: int, seed: int) -> dict[str, Tensor]:
    data, scale = training_tokens(activations, mask)
    generator = torch.Generator()
    generator.manual_seed(seed)
    directions = F.normalize(torch.randn(d_sae, data.shape[1], generator=generator), dim=1).to(data)
    model = _TopK(directions, data.mean(0), k)
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    order: list[int] = []
    for step in range(steps):
        while len(order) < 128:
            order += torch.randperm(len(data), generator=generator).tolist()
        batch, order = data[order[:128]], order[128:]
        for group in adam.param_groups:
            group["lr"] = 0.01 * min(1.0, 5 * (steps - step) / steps)
        adam.zero_grad()
        (model(batch) - batch).square().sum(-1).mean().backward()
        adam.step()
    return unscale({name: weight.detach().clone() for name, weight in model.named_parameters()}, scale)
