"""Broken: 'not yet weighted': the sparsity that is returned has the coefficient in it already."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).pow(2).sum(dim=-1).mean()
    sparsity = l1_coefficient * (latents * W_dec.norm(dim=-1)).sum(dim=-1).mean()
    return {"reconstruction": error, "sparsity": sparsity, "loss": error + sparsity}
