# WRONG: divides the direction by its length (the contribution is f_j d_j, and directions "may have any length")
import torch
from jaxtyping import Float
from torch import Tensor


def sae_decode(
    latents: Float[Tensor, "*batch d_sae"], W_dec: Float[Tensor, "d_sae d_in"], b_dec: Float[Tensor, " d_in"]
) -> Float[Tensor, "*batch d_in"]:
    """Reconstruct activations from latents.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        latents: shape `[..., d_sae]`; after an edit they can be negative.
        W_dec: the decoder's directions, one row for each latent, shape `[d_sae, d_in]`; they may have any length.
        b_dec: the decoder's bias, shape `[d_in]`.

    Returns:
        The reconstruction, shape `[..., d_in]`.

    """
    return latents @ W_dec + b_dec


def contribution(
    latents: Float[Tensor, "*batch d_sae"], W_dec: Float[Tensor, "d_sae d_in"], latent: int
) -> Float[Tensor, "*batch d_in"]:
    """Compute what one latent adds to the reconstruction.

    Args:
        latents: shape `[..., d_sae]`; after an edit they can be negative.
        W_dec: the decoder's directions, one row for each latent, shape `[d_sae, d_in]`.
        latent: the index of the latent.

    Returns:
        The latent's part of the reconstruction, shape `[..., d_in]`; 0 where the latent is silent.

    """
    return latents[..., latent, None] * W_dec[latent] / W_dec[latent].norm()
