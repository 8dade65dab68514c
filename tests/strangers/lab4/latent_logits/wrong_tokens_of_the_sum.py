"""Broken: 'both ends of each latent's effects': the tokens are chosen by the sum over latents and given to every
row."""

from typing import Any

from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    effects = sae.W_dec[latents] @ W_U
    return effects - effects.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    total = logits.sum(dim=0)
    up, down = total.topk(k).indices, total.topk(k, largest=False).indices
    return up.expand(len(logits), k), down.expand(len(logits), k)
