"""Broken: 'Where a direction is all zeros': a direction with a single entry of zero is left as it is too."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lengths = W_dec.norm(dim=1)
    lengths = torch.where((W_dec == 0).any(dim=1), torch.ones_like(lengths), lengths)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    lengths = W_dec.norm(dim=1, keepdim=True)
    units = W_dec / torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return gradient - (gradient * units).sum(dim=1, keepdim=True) * units
