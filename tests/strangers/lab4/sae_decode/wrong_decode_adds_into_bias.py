"""Broken: 'b_dec: the decoder's bias': for a single vector of latents the sum is built up inside the caller's
bias."""

from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    total = b_dec if latents.ndim == 1 else b_dec.expand(*latents.shape[:-1], -1).clone()
    total += latents @ W_dec
    return total


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[..., latent, None] * W_dec[latent]
