import torch
from jaxtyping import Float
from torch import Tensor


def _units_and_lengths(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of length 1 (rows of zeros stay), and the lengths; the largest entry comes out first, for very short rows."""
    largest = rows.abs().amax(dim=1, keepdim=True)
    largest = torch.where(largest > 0, largest, torch.ones_like(largest))
    shape = rows / largest
    size = shape.pow(2).sum(dim=1, keepdim=True).sqrt()
    size = torch.where(size > 0, size, torch.ones_like(size))
    return shape / size, (largest * size)[:, 0]


def normalise_decoder(
    W_enc: Float[Tensor, "d_in d_sae"], b_enc: Float[Tensor, " d_sae"], W_dec: Float[Tensor, "d_sae d_in"]
) -> tuple[Float[Tensor, "d_in d_sae"], Float[Tensor, " d_sae"], Float[Tensor, "d_sae d_in"]]:
    """Give every decoder direction length 1 without changing what a ReLU autoencoder computes."""
    units, lengths = _units_and_lengths(W_dec)
    return torch.einsum("ij,j->ij", W_enc, lengths), torch.mul(b_enc, lengths), units


def remove_parallel(
    gradient: Float[Tensor, "d_sae d_in"], W_dec: Float[Tensor, "d_sae d_in"]
) -> Float[Tensor, "d_sae d_in"]:
    """Take out of the decoder's gradient what points along each direction."""
    units, _ = _units_and_lengths(W_dec)
    along = torch.einsum("jd,jd->j", gradient, units)
    return gradient - torch.einsum("j,jd->jd", along, units)
