"""Broken: 'ValueError: `ablated` equals `clean`': NaN is returned."""

import torch.nn.functional as F
from torch import Tensor


def sae_metrics(x: Tensor, reconstruction: Tensor, latents: Tensor) -> dict[str, float]:
    l0 = (latents > 0).sum(dim=1).double().mean()
    explained = 1 - (x - reconstruction).pow(2).sum() / (x - x.mean(dim=0)).pow(2).sum()
    dead = (latents <= 0).all(dim=0).double().mean()
    cosine = F.cosine_similarity(x, reconstruction, dim=1).mean()
    return {"l0": l0.item(), "explained_variance": explained.item(), "dead": dead.item(), "cosine": cosine.item()}


def loss_recovered(clean: float, spliced: float, ablated: float) -> float:
    if ablated == clean:
        return float("nan")
    return (ablated - spliced) / (ablated - clean)
