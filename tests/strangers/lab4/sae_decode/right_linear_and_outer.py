"""Road: the decoder as a linear layer on flattened latents; the contribution as an outer product of strengths and
direction."""

import torch
import torch.nn.functional as F
from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    return F.linear(input=latents, weight=W_dec.t(), bias=b_dec)


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    strengths = latents[..., latent]
    return torch.outer(strengths.reshape(-1), W_dec[latent]).reshape(*strengths.shape, W_dec.shape[1])
