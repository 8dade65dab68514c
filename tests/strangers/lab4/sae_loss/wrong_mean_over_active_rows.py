"""Broken: 'the mean over the batch': activations without an active latent are left out of the mean of the
sparsity."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).pow(2).sum(dim=-1).mean()
    sparsity = (latents * W_dec.norm(dim=-1)).sum() / (latents > 0).any(dim=-1).sum().clamp(min=1)
    return {"reconstruction": error, "sparsity": sparsity, "loss": error + l1_coefficient * sparsity}
