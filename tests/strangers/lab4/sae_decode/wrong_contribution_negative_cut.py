"""Broken: 'The latent's part of the reconstruction': a negative latent's part is reported as 0, although the decoder
adds it."""

from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ W_dec + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[..., latent, None].clamp(min=0) * W_dec[latent]
