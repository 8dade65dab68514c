"""Broken: 'the most promoted first': the k tokens come in the order of their ids."""

from typing import Any

from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    effects = sae.W_dec[latents] @ W_U
    return effects - effects.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    up = logits.topk(k, dim=-1).indices.sort(dim=-1).values
    return up, logits.topk(k, dim=-1, largest=False).indices
