"""Road: the total from torch.var over all entries, the cosines from normalised rows with einsum, the dead latents
from a maximum."""

import torch
import torch.nn.functional as F
from torch import Tensor


def sae_metrics(x: Tensor, reconstruction: Tensor, latents: Tensor) -> dict[str, float]:
    x, reconstruction, latents = x.double(), reconstruction.double(), latents.double()
    variance = x.var(dim=0, correction=0).sum()
    explained = 1 - (x - reconstruction).square().sum(dim=1).mean() / variance
    cosine = torch.einsum("ti,ti->t", F.normalize(x, dim=1), F.normalize(reconstruction, dim=1)).mean()
    results = {
        "l0": torch.count_nonzero(latents, dim=1).double().mean(),
        "explained_variance": explained,
        "dead": (latents.amax(dim=0) == 0).double().mean(),
        "cosine": cosine,
    }
    return {name: float(value) for name, value in results.items()}


def loss_recovered(clean: float, spliced: float, ablated: float) -> float:
    saved, cost = ablated - spliced, ablated - clean
    if not cost:
        raise ValueError("ablating does no harm")
    return saved / cost
