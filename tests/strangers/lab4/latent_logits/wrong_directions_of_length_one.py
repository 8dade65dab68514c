# WRONG: divides each direction by its length ("What one unit of each latent adds to each logit")
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor


def latent_logits(
    sae: Any, W_U: Float[Tensor, "d_model d_vocab"], latents: Int[Tensor, " latent"]
) -> Float[Tensor, "latent d_vocab"]:
    """Give the direct effect of some latents on the logits.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        sae: a `sae_lens.SAE` on the residual stream.
        W_U: the model's unembedding, the final LayerNorm's weights folded in, shape `[d_model, d_vocab]`.
        latents: the numbers of the latents, in any order, one or more, shape `[latent]`.

    Returns:
        What one unit of each latent adds to each logit, before the final LayerNorm's scale, without the mean over the
        vocabulary; shape `[latent, d_vocab]`.

    """
    directions = sae.W_dec[latents].detach().to(W_U)
    logits = (directions / directions.norm(dim=-1, keepdim=True)) @ W_U
    return logits - logits.mean(dim=-1, keepdim=True)


def promoted_and_suppressed(
    logits: Float[Tensor, "latent d_vocab"], k: int
) -> tuple[Int[Tensor, "latent k"], Int[Tensor, "latent k"]]:
    """Give the tokens at both ends of each latent's effects.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        logits: effects of some latents, shape `[latent, d_vocab]`.
        k: how many tokens at each end, from 0 to `d_vocab`. For a large k a token can be in both results.

    Returns:
        The ids of the k most promoted tokens, the most promoted first, and of the k most suppressed ones, the most
        suppressed first; both `[latent, k]`.

    """
    promoted = logits.topk(k, dim=-1, largest=True, sorted=True).indices
    suppressed = logits.topk(k, dim=-1, largest=False, sorted=True).indices
    return promoted, suppressed
