"""Broken: 'Three tensors without axes': each has an axis of length one."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).pow(2).sum(dim=-1).mean(dim=0, keepdim=True)
    sparsity = (latents * W_dec.norm(dim=-1)).sum(dim=-1).mean(dim=0, keepdim=True)
    return {"reconstruction": error, "sparsity": sparsity, "loss": error + l1_coefficient * sparsity}
