"""Road: einsum for the decoder; the contribution is what the decoder makes of the latents with all others masked
out."""

import torch
import torch.nn.functional as F
from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return torch.einsum("...j,ji->...i", latents, W_dec) + b_dec


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    only = F.one_hot(torch.tensor(latent, device=latents.device), W_dec.shape[0]).to(latents.dtype)
    return sae_decode(latents * only, W_dec, torch.zeros_like(W_dec[0]))
