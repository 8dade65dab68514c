"""Broken: 'A `mask` tells which positions are real; only these are learned from': the factor comes from all
positions."""

import torch
from torch import Tensor


def training_tokens(activations: Tensor, mask: Tensor) -> tuple[Tensor, float]:
    chosen = activations[mask]
    factor = chosen.shape[1] ** 0.5 / activations.flatten(0, 1).norm(dim=1).mean().item()
    return chosen * factor, factor


def unscale(sae: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    return {
        "W_enc": sae["W_enc"] * scale,
        "b_enc": sae["b_enc"].clone(),
        "W_dec": sae["W_dec"] / scale,
        "b_dec": sae["b_dec"] / scale,
    }


def train_sae(activations: Tensor, mask: Tensor, d_sae: int, k: int, steps: int, seed: int) -> dict[str, Tensor]:
    x, scale = training_tokens(activations.detach(), mask)
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(d_sae, x.shape[1], generator=generator).to(x)
    W_dec = rows / rows.norm(dim=1, keepdim=True)
    sae = {"W_enc": W_dec.T.clone(), "b_enc": x.new_zeros(d_sae), "W_dec": W_dec, "b_dec": x.mean(dim=0)}
    for weight in sae.values():
        weight.requires_grad_(True)
    optimiser = torch.optim.Adam(sae.values(), lr=0.01)
    with torch.enable_grad():
        for _ in range(steps):
            batch = x[torch.randint(len(x), (128,), generator=generator).to(x.device)]
            pre = (batch - sae["b_dec"]) @ sae["W_enc"] + sae["b_enc"]
            best = pre.topk(k, dim=1)
            latents = torch.zeros_like(pre).scatter(1, best.indices, best.values.relu())
            loss = (batch - latents @ sae["W_dec"] - sae["b_dec"]).pow(2).sum(dim=1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return unscale({name: weight.detach() for name, weight in sae.items()}, scale)
