"""Broken: 'the sums of latents times the lengths of their directions': all latents are weighted with the mean
length."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).pow(2).sum(dim=-1).mean()
    sparsity = latents.sum(dim=-1).mean() * W_dec.norm(dim=-1).mean()
    return {"reconstruction": error, "sparsity": sparsity, "loss": error + l1_coefficient * sparsity}
