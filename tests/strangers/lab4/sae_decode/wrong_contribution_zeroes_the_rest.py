"""Broken: 'latents: shape `[..., d_sae]`': the other latents of the caller's tensor are set to 0 on the way."""

import torch
from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ W_dec + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    others = torch.arange(latents.shape[-1], device=latents.device) != latent
    latents[..., others] = 0
    return latents @ W_dec
