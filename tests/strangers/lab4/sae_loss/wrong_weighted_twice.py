# WRONG: the sparsity is returned already weighted (the loss is right); promised: 'not yet weighted'
import torch
from jaxtyping import Float
from torch import Tensor


def sae_loss(
    x: Float[Tensor, "batch d_in"],
    reconstruction: Float[Tensor, "batch d_in"],
    latents: Float[Tensor, "batch d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    l1_coefficient: float,
) -> dict[str, Float[Tensor, ""]]:
    """Compute the training loss of a sparse autoencoder and its two terms."""
    error = (x - reconstruction).pow(2).sum(dim=1).mean()
    lengths = W_dec.norm(dim=1)
    sparsity = (latents * lengths).sum(dim=1).mean()
    return {"reconstruction": error, "sparsity": l1_coefficient * sparsity, "loss": error + l1_coefficient * sparsity}
