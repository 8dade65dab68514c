# WRONG: the mean over the latents is taken away, not the mean over the vocabulary; promised: 'without the mean over the vocabulary'
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor


def latent_logits(
    sae: Any, W_U: Float[Tensor, "d_model d_vocab"], latents: Int[Tensor, " latent"]
) -> Float[Tensor, "latent d_vocab"]:
    """Give the direct effect of some latents on the logits."""
    directions = sae.W_dec[latents]
    logits = directions @ W_U
    return logits - logits.mean(dim=0, keepdim=True)


def promoted_and_suppressed(
    logits: Float[Tensor, "latent d_vocab"], k: int
) -> tuple[Int[Tensor, "latent k"], Int[Tensor, "latent k"]]:
    """Give the tokens at both ends of each latent's effects."""
    order = logits.argsort(dim=-1, descending=True)
    promoted = order[:, :k]
    suppressed = order.flip(-1)[:, :k]
    return promoted, suppressed
