# WRONG: guards the division only: the encoder of a direction without length is multiplied by 0 ("Where a direction is all zeros, its latent stays as it is")
import torch
from jaxtyping import Float
from torch import Tensor


def normalise_decoder(
    W_enc: Float[Tensor, "d_in d_sae"], b_enc: Float[Tensor, " d_sae"], W_dec: Float[Tensor, "d_sae d_in"]
) -> tuple[Float[Tensor, "d_in d_sae"], Float[Tensor, " d_sae"], Float[Tensor, "d_sae d_in"]]:
    """Give every decoder direction length 1 without changing what a ReLU autoencoder computes.

    Args:
        W_enc: the encoder's weights, shape `[d_in, d_sae]`.
        b_enc: the encoder's bias, shape `[d_sae]`.
        W_dec: the decoder's directions, one row for each latent, shape `[d_sae, d_in]`.

    Returns:
        New `W_enc`, `b_enc` and `W_dec`, in this order. Where a direction is all zeros, its latent stays as it is.

    """
    directions = W_dec.double()
    lengths = directions.norm(dim=1)
    factors = torch.where(lengths > 0, lengths, torch.ones_like(lengths))
    new_W_enc = (W_enc.double() * lengths).to(W_enc.dtype)
    new_b_enc = (b_enc.double() * lengths).to(b_enc.dtype)
    new_W_dec = (directions / factors[:, None]).to(W_dec.dtype)
    return new_W_enc, new_b_enc, new_W_dec


def remove_parallel(
    gradient: Float[Tensor, "d_sae d_in"], W_dec: Float[Tensor, "d_sae d_in"]
) -> Float[Tensor, "d_sae d_in"]:
    """Take out of the decoder's gradient what points along each direction.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        gradient: of a loss by `W_dec`, shape `[d_sae, d_in]`.
        W_dec: the directions, of any length, shape `[d_sae, d_in]`.

    Returns:
        The gradient's part at right angles to each direction, shape `[d_sae, d_in]`; where a direction is all zeros, the
        gradient as it is.

    """
    directions, g = W_dec.double(), gradient.double()
    lengths = directions.norm(dim=1, keepdim=True)
    unit = directions / torch.where(lengths > 0, lengths, torch.ones_like(lengths))
    along = (g * unit).sum(dim=1, keepdim=True)
    return (g - along * unit).to(gradient.dtype)
