"""Broken: 'What one unit of each latent adds to each logit': the decoder's bias is counted too, for the one-hot
latents are decoded whole."""

from typing import Any

import torch
from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    units = torch.nn.functional.one_hot(latents, sae.cfg.d_sae).to(sae.W_dec.dtype)
    effects = sae.decode(units) @ W_U
    return effects - effects.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    return logits.topk(k, dim=-1).indices, logits.topk(k, dim=-1, largest=False).indices
