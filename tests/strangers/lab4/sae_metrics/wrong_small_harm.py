# WRONG: losses that are only close are refused, too; promised: 'A small harm is still a harm.'
import torch
from jaxtyping import Float
from torch import Tensor


def sae_metrics(
    x: Float[Tensor, "token d_in"],
    reconstruction: Float[Tensor, "token d_in"],
    latents: Float[Tensor, "token d_sae"],
) -> dict[str, float]:
    """Measure how well and how sparsely an autoencoder describes activations."""
    active = latents > 0
    l0 = active.double().sum(dim=1).mean()
    error = (x - reconstruction).double().pow(2).sum()
    variance = (x - x.mean(dim=0)).double().pow(2).sum()
    dead = (~active.any(dim=0)).double().mean()
    cosine = torch.nn.functional.cosine_similarity(x, reconstruction, dim=1).mean()
    return {
        "l0": l0.item(),
        "explained_variance": (1 - error / variance).item(),
        "dead": dead.item(),
        "cosine": cosine.item(),
    }


def loss_recovered(clean: float, spliced: float, ablated: float) -> float:
    """Compute which share of the loss that ablating costs is saved by splicing in the reconstruction."""
    if abs(ablated - clean) < 1e-4:
        raise ValueError("ablated equals clean")
    return (ablated - spliced) / (ablated - clean)
