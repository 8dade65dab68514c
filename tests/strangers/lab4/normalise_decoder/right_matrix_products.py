"""Road: diagonal matrices for the scaling, and one projection matrix for each latent for the gradient."""

import torch
from torch import Tensor


def _unit(W_dec: Tensor) -> tuple[Tensor, Tensor]:
    lengths = torch.linalg.vector_norm(W_dec, dim=-1)
    lengths = lengths.masked_fill(lengths == 0, 1.0)
    return W_dec / lengths.unsqueeze(-1), lengths


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    units, lengths = _unit(W_dec)
    return W_enc @ torch.diag(lengths), torch.diag(lengths) @ b_enc, units


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    units, _ = _unit(W_dec)
    identity = torch.eye(W_dec.shape[1], dtype=W_dec.dtype, device=W_dec.device)
    projections = identity - torch.einsum("ji,jk->jik", units, units)
    return torch.einsum("jik,jk->ji", projections, gradient)
