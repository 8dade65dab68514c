"""Broken: 'each as strong as its latent': the direction is given wherever the latent is active, whatever its
strength."""

from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ W_dec + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return (latents[..., latent, None] > 0) * W_dec[latent]
