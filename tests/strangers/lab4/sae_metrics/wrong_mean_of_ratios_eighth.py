# WRONG: computes one ratio for each dimension and takes their mean; promised: 'It is one ratio, not a mean of ratios'
import torch


def sae_metrics(x, reconstruction, latents):
    x, guess = x.double(), reconstruction.double()
    firing = latents.gt(0)
    missed, spread = (part.square().sum() for part in (x - guess, x - x.mean(dim=0)))
    unit = [vectors / vectors.norm(dim=1, keepdim=True) for vectors in (x, guess)]
    return {
        "l0": firing.sum().item() / len(latents),
        "explained_variance": (1 - (x - guess).square().sum(dim=0) / (x - x.mean(dim=0)).square().sum(dim=0)).mean().item(),
        "dead": 1 - firing.any(dim=0).double().mean().item(),
        "cosine": (unit[0] * unit[1]).sum(dim=1).mean().item(),
    }


def loss_recovered(clean, spliced, ablated):
    harm = ablated - clean
    if harm == 0:
        raise ValueError("ablating does no harm")
    return (ablated - spliced) / harm
