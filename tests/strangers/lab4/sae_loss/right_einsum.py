"""Road: both sums as einsum over all axes at once, divided by the batch size at the end."""

import torch
from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    batch = x.shape[0]
    difference = x - reconstruction
    lengths = torch.linalg.vector_norm(W_dec, dim=1)
    terms = {
        "reconstruction": torch.einsum("bi,bi->", difference, difference) / batch,
        "sparsity": torch.einsum("bj,j->", latents, lengths) / batch,
    }
    return terms | {"loss": terms["reconstruction"] + l1_coefficient * terms["sparsity"]}
