"""Broken: 'of the k most suppressed ones, the most suppressed first': they are the end of the descending order, left
as it is."""

from typing import Any

from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    effects = sae.W_dec[latents] @ W_U
    return effects - effects.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    order = logits.argsort(dim=-1, descending=True)
    return order[:, :k], order[:, logits.shape[-1] - k :]
