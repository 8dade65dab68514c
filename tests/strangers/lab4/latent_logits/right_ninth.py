from typing import Any

from jaxtyping import Float, Int
from torch import Tensor


def latent_logits(
    sae: Any, W_U: Float[Tensor, "d_model d_vocab"], latents: Int[Tensor, " latent"]
) -> Float[Tensor, "latent d_vocab"]:
    """Give the direct effect of some latents on the logits."""
    # Centring is linear, so take the mean out of the unembedding and not out of the logits.
    centred = W_U - W_U.mean(dim=1, keepdim=True)
    return sae.W_dec.detach()[latents] @ centred


def promoted_and_suppressed(
    logits: Float[Tensor, "latent d_vocab"], k: int
) -> tuple[Int[Tensor, "latent k"], Int[Tensor, "latent k"]]:
    """Give the tokens at both ends of each latent's effects."""
    upwards = logits.argsort(dim=-1)
    return upwards.flip(-1)[:, :k], upwards[:, :k]
