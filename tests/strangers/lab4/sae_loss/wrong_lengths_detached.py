"""Broken: 'gradients flow through all of them': the lengths are held constant, so the penalty does not push on
W_dec."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).pow(2).sum(dim=-1).mean()
    sparsity = (latents * W_dec.detach().norm(dim=-1)).sum(dim=-1).mean()
    return {"reconstruction": error, "sparsity": sparsity, "loss": error + l1_coefficient * sparsity}
