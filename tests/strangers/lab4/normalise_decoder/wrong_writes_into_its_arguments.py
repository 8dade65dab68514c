# WRONG: scales the weights in place ("New `W_enc`, `b_enc` and `W_dec`")
import torch
from jaxtyping import Float
from torch import Tensor


def _length(direction) -> float:
    return direction.detach().double().norm().item()


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
    W_enc, b_enc, W_dec = W_enc.detach(), b_enc.detach(), W_dec.detach()
    for latent in range(W_dec.shape[0]):
        size = _length(W_dec[latent])
        if size == 0.0:
            continue
        W_enc[:, latent] = W_enc[:, latent] * size
        b_enc[latent] = b_enc[latent] * size
        W_dec[latent] = (W_dec[latent].double() / size).to(W_dec.dtype)
    return W_enc, b_enc, W_dec


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
    rows = []
    for g, d in zip(gradient, W_dec, strict=True):
        size = _length(d)
        if size > 0:
            unit = (d.double() / size).to(g.dtype)
            g = g - torch.dot(g, unit) * unit
        rows.append(g)
    return torch.stack(rows)
