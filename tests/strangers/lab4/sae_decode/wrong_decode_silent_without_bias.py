"""Broken: 'the reconstruction is the bias plus the directions of the active latents': where no latent is active the
bias is left out."""

from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    active = (latents != 0).any(dim=-1, keepdim=True)
    return latents @ W_dec + active * b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[..., latent, None] * W_dec[latent]
