"""Broken: 'the first plus `l1_coefficient` times the second': a coefficient of 0 counts as not given and becomes
1."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).pow(2).sum(dim=-1).mean()
    sparsity = (latents * W_dec.norm(dim=-1)).sum(dim=-1).mean()
    return {"reconstruction": error, "sparsity": sparsity, "loss": error + (l1_coefficient or 1.0) * sparsity}
