import torch
from jaxtyping import Float
from torch import Tensor


def sae_metrics(
    x: Float[Tensor, "token d_in"],
    reconstruction: Float[Tensor, "token d_in"],
    latents: Float[Tensor, "token d_sae"],
) -> dict[str, float]:
    """Measure how well and how sparsely an autoencoder describes activations."""
    x, reconstruction = x.double(), reconstruction.double()
    counts = latents.count_nonzero(dim=0)  # of each latent; none is negative
    spread = x.var(dim=0, correction=0).sum() * len(x)
    missing = torch.dist(x, reconstruction) ** 2
    x, reconstruction = (part / torch.linalg.vector_norm(part, dim=1, keepdim=True) for part in (x, reconstruction))
    return {
        "l0": int(counts.sum()) / len(latents),
        "explained_variance": float(1 - missing / spread),
        "dead": int((counts == 0).sum()) / len(counts),
        "cosine": float((x * reconstruction).sum()) / len(x),
    }


def loss_recovered(clean: float, spliced: float, ablated: float) -> float:
    """Compute which share of the loss that ablating costs is saved by splicing in the reconstruction."""
    if clean == ablated:
        raise ValueError("ablating does no harm, so there is no loss to recover")
    return 1 - (spliced - clean) / (ablated - clean)
