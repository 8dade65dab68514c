# WRONG: the contribution is along the direction made to length 1, so its size is wrong; promised: 'The latent's part of the reconstruction'
import torch
from jaxtyping import Float
from torch import Tensor


def sae_decode(
    latents: Float[Tensor, "*batch d_sae"], W_dec: Float[Tensor, "d_sae d_in"], b_dec: Float[Tensor, " d_in"]
) -> Float[Tensor, "*batch d_in"]:
    """Reconstruct activations from latents."""
    return latents @ W_dec + b_dec


def contribution(
    latents: Float[Tensor, "*batch d_sae"], W_dec: Float[Tensor, "d_sae d_in"], latent: int
) -> Float[Tensor, "*batch d_in"]:
    """Compute what one latent adds to the reconstruction."""
    strength = latents[..., latent, None]
    return strength * W_dec[latent] / W_dec[latent].norm()
