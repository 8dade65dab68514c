"""Broken: '1 when splicing costs nothing, 0 when it costs as much as ablating': it is the share that is lost."""

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
        raise ValueError("ablating costs nothing, so there is nothing to recover")
    return (spliced - clean) / (ablated - clean)
