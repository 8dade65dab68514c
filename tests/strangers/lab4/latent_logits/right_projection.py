"""Road: a matrix that takes the mean out, applied after the product; argsort in both directions for the tokens."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    size = W_U.shape[1]
    rows = F.embedding(latents, sae.W_dec)
    effects = rows.matmul(W_U)
    mean = torch.full((size, 1), 1 / size, dtype=effects.dtype, device=effects.device)
    return effects - effects @ mean


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    return tuple(logits.argsort(dim=1, descending=down)[:, :k] for down in (True, False))
