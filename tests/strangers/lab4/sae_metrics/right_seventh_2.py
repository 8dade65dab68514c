# RIGHT: NumPy with counts and a loop over the activations for the cosine
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def sae_metrics(
    x: Float[Tensor, "token d_in"],
    reconstruction: Float[Tensor, "token d_in"],
    latents: Float[Tensor, "token d_sae"],
) -> dict[str, float]:
    """Measure how well and how sparsely an autoencoder describes activations.

    Args:
        x: activations, not all the same, shape `[token, d_in]`.
        reconstruction: what the SAE makes of them, shape `[token, d_in]`. No row of `x` or `reconstruction` is all zeros.
        latents: shape `[token, d_sae]`, none negative.

    Returns:
        `"l0"`, a mean count; `"explained_variance"`, at most 1; `"dead"`, a share of the latents; `"cosine"`.

    """
    a, r, f = (np.asarray(tensor.detach().cpu(), dtype=np.float64) for tensor in (x, reconstruction, latents))
    n_tokens, d_sae = f.shape
    centred = a - a.mean(axis=0, keepdims=True)
    cosines = [u @ v / (np.linalg.norm(u) * np.linalg.norm(v)) for u, v in zip(a, r, strict=True)]
    return {
        "l0": float(np.count_nonzero(f > 0) / n_tokens),
        "explained_variance": float(1 - np.sum((a - r) ** 2) / np.sum(centred**2)),
        "dead": float(np.count_nonzero(f.max(axis=0) <= 0) / d_sae),
        "cosine": float(np.mean(cosines)),
    }


def loss_recovered(clean: float, spliced: float, ablated: float) -> float:
    """Compute which share of the loss that ablating costs is saved by splicing in the reconstruction.

    Args:
        clean: the model's loss, in nats per token.
        spliced: its loss with the reconstruction in the activation's place.
        ablated: its loss with zeros in the activation's place.

    Returns:
        1 when splicing costs nothing, 0 when it costs as much as ablating; it may lie outside.

    Raises:
        ValueError: `ablated` equals `clean` exactly.

    """
    harm = ablated - clean
    if clean == ablated:
        raise ValueError(f"loss {clean} with and without the activation")
    return 1 - (spliced - clean) / harm
