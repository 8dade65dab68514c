# WRONG: the part along the direction is subtracted with the direction itself in place of the unit vector; promised: 'The gradient's part at right angles to each direction'
import torch
from jaxtyping import Float
from torch import Tensor


def normalise_decoder(
    W_enc: Float[Tensor, "d_in d_sae"], b_enc: Float[Tensor, " d_sae"], W_dec: Float[Tensor, "d_sae d_in"]
) -> tuple[Float[Tensor, "d_in d_sae"], Float[Tensor, " d_sae"], Float[Tensor, "d_sae d_in"]]:
    """Give every decoder direction length 1 without changing what a ReLU autoencoder computes."""
    lengths = W_dec.norm(dim=1)
    lengths = torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


def remove_parallel(
    gradient: Float[Tensor, "d_sae d_in"], W_dec: Float[Tensor, "d_sae d_in"]
) -> Float[Tensor, "d_sae d_in"]:
    """Take out of the decoder's gradient what points along each direction."""
    lengths = W_dec.norm(dim=1, keepdim=True)
    unit = W_dec / torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    along = (gradient * unit).sum(dim=1, keepdim=True)
    return gradient - along * W_dec
