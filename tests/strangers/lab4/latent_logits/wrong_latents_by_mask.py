"""Broken: 'latents: the numbers of the latents, shape `[latent]`': a mask picks them, so their order and repetitions
are lost."""

from typing import Any

from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    chosen = sae.W_dec[[j in latents.tolist() for j in range(sae.W_dec.shape[0])]]
    effects = chosen @ W_U
    return effects - effects.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    return logits.topk(k, dim=-1).indices, logits.topk(k, dim=-1, largest=False).indices
