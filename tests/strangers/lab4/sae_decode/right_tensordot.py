"""Road: tensordot for both, the contribution with slices of length one instead of an index."""

import torch
from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return torch.add(b_dec, torch.tensordot(latents, W_dec, dims=1))


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return torch.tensordot(latents.narrow(-1, latent, 1), W_dec.narrow(0, latent, 1), dims=1)
