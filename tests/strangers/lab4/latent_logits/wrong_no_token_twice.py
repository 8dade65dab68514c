"""Broken: 'k: how many tokens at each end, at most `d_vocab`': k is cut so that no token is in both lists."""

from typing import Any

from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    effects = sae.W_dec[latents] @ W_U
    return effects - effects.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    k = min(k, logits.shape[-1] // 2)
    return logits.topk(k, dim=-1).indices, logits.topk(k, dim=-1, largest=False).indices
