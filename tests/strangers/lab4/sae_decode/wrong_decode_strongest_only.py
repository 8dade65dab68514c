"""Broken: 'the bias plus the directions of the active latents': at most the 32 strongest are added."""

import torch
from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    strongest = latents.topk(min(32, latents.shape[-1]), dim=-1)
    kept = torch.zeros_like(latents).scatter(-1, strongest.indices, strongest.values)
    return kept @ W_dec + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[..., latent, None] * W_dec[latent]
