"""Broken: 'The ids of the k most promoted tokens': the effects themselves are given."""

from typing import Any

from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    effects = sae.W_dec[latents] @ W_U
    return effects - effects.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    return logits.topk(k, dim=-1).values, logits.topk(k, dim=-1, largest=False).values
