"""Broken: 'the bias plus the directions of the active latents, each as strong as its latent': negative latents, as
after an edit, are cut to 0."""

import torch
from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return torch.relu(latents) @ W_dec + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[..., latent, None] * W_dec[latent]
