import torch
from jaxtyping import Float
from torch import Tensor


def sae_decode(
    latents: Float[Tensor, "*batch d_sae"], W_dec: Float[Tensor, "d_sae d_in"], b_dec: Float[Tensor, " d_in"]
) -> Float[Tensor, "*batch d_in"]:
    """Reconstruct activations from latents."""
    return torch.nn.functional.linear(latents, W_dec.T, b_dec)


def contribution(
    latents: Float[Tensor, "*batch d_sae"], W_dec: Float[Tensor, "d_sae d_in"], latent: int
) -> Float[Tensor, "*batch d_in"]:
    """Compute what one latent adds to the reconstruction."""
    alone = torch.zeros_like(latents)
    alone[..., latent] = latents[..., latent]
    return torch.einsum("...j,jd->...d", alone, W_dec)
