"""Broken: 'without the mean over the vocabulary': log_softmax takes off the logarithm of the sum of exponentials."""

from typing import Any

from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    return (sae.W_dec[latents] @ W_U).log_softmax(dim=-1)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    return logits.topk(k, dim=-1).indices, logits.topk(k, dim=-1, largest=False).indices
