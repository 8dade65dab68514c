"""Broken: 'they may have any length': the directions are brought to length one before they are added."""

import torch.nn.functional as F
from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return latents @ F.normalize(W_dec, dim=-1) + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    return latents[..., latent, None] * W_dec[latent]
