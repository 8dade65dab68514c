# WRONG: counts the activations without any latent in place of the latents without any activation; promised: `dead`, 'a share of the latents'
import torch


def sae_metrics(x, reconstruction, latents):
    x, guess = x.double(), reconstruction.double()
    firing = latents.gt(0)
    missed, spread = (part.square().sum() for part in (x - guess, x - x.mean(dim=0)))
    unit = [vectors / vectors.norm(dim=1, keepdim=True) for vectors in (x, guess)]
    return {
        "l0": firing.sum().item() / len(latents),
        "explained_variance": 1 - (missed / spread).item(),
        "dead": 1 - firing.any(dim=1).double().mean().item(),
        "cosine": (unit[0] * unit[1]).sum(dim=1).mean().item(),
    }


def loss_recovered(clean, spliced, ablated):
    harm = ablated - clean
    if harm == 0:
        raise ValueError("ablating does no harm")
    return (ablated - spliced) / harm
