"""Broken: 'The encoder direction, column j of W_enc, is something else': it is taken in place of the decoder's."""

from typing import Any

from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    effects = sae.W_enc[:, latents].T @ W_U
    return effects - effects.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    return logits.topk(k, dim=-1).indices, logits.topk(k, dim=-1, largest=False).indices
