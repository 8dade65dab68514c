"""Broken: 'with any number of leading axes': latents are indexed as a matrix, so one vector or batch and position
fail."""

from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ W_dec + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[:, latent, None] * W_dec[latent]
