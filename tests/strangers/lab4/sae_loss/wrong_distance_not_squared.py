"""Broken: 'the mean over the batch of the squared distances': the distances are not squared."""

from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    error = (x - reconstruction).norm(dim=-1).mean()
    sparsity = (latents * W_dec.norm(dim=-1)).sum(dim=-1).mean()
    return {"reconstruction": error, "sparsity": sparsity, "loss": error + l1_coefficient * sparsity}
