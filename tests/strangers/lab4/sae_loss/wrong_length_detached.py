# WRONG: the lengths are cut off from the graph, so no gradient of the sparsity reaches the decoder; promised: 'gradients flow through all of them'
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
    lengths = W_dec.detach().norm(dim=1)
    sparsity = (latents * lengths).sum(dim=1).mean()
    return {"reconstruction": error, "sparsity": sparsity, "loss": error + l1_coefficient * sparsity}
