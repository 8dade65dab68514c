"""Broken: 'The latent's part of the reconstruction, shape `[..., d_in]`': an axis of length one stays in before the
last."""

from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ W_dec + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[..., [latent], None] * W_dec[latent]
