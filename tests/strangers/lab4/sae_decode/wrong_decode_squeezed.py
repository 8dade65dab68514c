"""Broken: 'The reconstruction, shape `[..., d_in]`': a batch of one loses its axis."""

from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return (latents.unsqueeze(-2) @ W_dec).squeeze() + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[..., latent, None] * W_dec[latent]
