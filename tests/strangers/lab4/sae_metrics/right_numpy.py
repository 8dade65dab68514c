"""Road: everything in numpy with float64, the tensors being moved off the graph and the device first."""

import numpy as np
from torch import Tensor


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().astype(np.float64)


def sae_metrics(x: Tensor, reconstruction: Tensor, latents: Tensor) -> dict[str, float]:
    a, b, f = _array(x), _array(reconstruction), _array(latents)
    active = f > 0
    total = np.square(a - a.mean(axis=0)).sum()
    cosines = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return {
        "l0": float(np.count_nonzero(active) / len(f)),
        "explained_variance": float(1 - np.square(a - b).sum() / total),
        "dead": float(1 - active.any(axis=0).mean()),
        "cosine": float(cosines.mean()),
    }


def loss_recovered(clean: float, spliced: float, ablated: float) -> float:
    harm = ablated - clean
    if harm == 0:
        raise ValueError(f"ablated and clean are both {clean}")
    return 1 - (spliced - clean) / harm
