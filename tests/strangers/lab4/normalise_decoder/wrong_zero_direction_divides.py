"""Broken: 'Where a direction is all zeros, its latent stays as it is': the direction becomes NaN."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lengths = W_dec.norm(dim=1)
    factor = torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return W_enc * factor, b_enc * factor, W_dec / lengths[:, None]


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    lengths = W_dec.norm(dim=1, keepdim=True)
    units = W_dec / torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return gradient - (gradient * units).sum(dim=1, keepdim=True) * units
