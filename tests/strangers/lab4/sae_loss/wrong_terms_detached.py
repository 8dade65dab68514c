"""Broken: 'The three results are tensors without axes, and gradients flow through all of them': the two terms are
detached for logging."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).pow(2).sum(dim=-1).mean()
    sparsity = (latents * W_dec.norm(dim=-1)).sum(dim=-1).mean()
    total = error + l1_coefficient * sparsity
    return {"reconstruction": error.detach(), "sparsity": sparsity.detach(), "loss": total}
