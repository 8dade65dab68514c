"""Broken: 'Three tensors without axes': the terms are Python numbers, only the loss is a tensor."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).pow(2).sum(dim=-1).mean()
    sparsity = (latents * W_dec.norm(dim=-1)).sum(dim=-1).mean()
    total = error + l1_coefficient * sparsity
    return {"reconstruction": error.item(), "sparsity": sparsity.item(), "loss": total}
