"""Broken: 'What would be missing without it': the contribution uses the direction at length one, the decoder does
not."""

from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ W_dec + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[..., latent, None] * (W_dec[latent] / W_dec[latent].norm())
