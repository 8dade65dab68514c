"""Road: the latents are scaled by a diagonal matrix of lengths first; squared distances come from the diagonal of a
product."""

import torch
from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    scaled = latents @ torch.diag(W_dec.norm(dim=1))
    residual = reconstruction - x
    reconstruction_term = (residual @ residual.T).trace() / residual.shape[0]
    sparsity_term = scaled.sum() / scaled.shape[0]
    return {
        "loss": reconstruction_term + sparsity_term * l1_coefficient,
        "reconstruction": reconstruction_term,
        "sparsity": sparsity_term,
    }
