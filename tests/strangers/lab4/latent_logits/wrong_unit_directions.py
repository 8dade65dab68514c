"""Broken: 'What one unit of each latent adds to each logit': the directions are brought to length one first."""

from typing import Any

import torch
from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    effects = torch.nn.functional.normalize(sae.W_dec[latents], dim=-1) @ W_U
    return effects - effects.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    return logits.topk(k, dim=-1).indices, logits.topk(k, dim=-1, largest=False).indices
