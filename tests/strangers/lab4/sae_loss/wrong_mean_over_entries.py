"""Broken: 'Over the entries of one activation, and over its latents, the loss sums': the reconstruction term is the
mean over entries as well."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).pow(2).mean()
    sparsity = (latents * W_dec.norm(dim=-1)).sum(dim=-1).mean()
    return {"reconstruction": error, "sparsity": sparsity, "loss": error + l1_coefficient * sparsity}
