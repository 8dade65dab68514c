"""Broken: 'gradient: of a loss by `W_dec`': the caller's gradient is overwritten."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lengths = W_dec.norm(dim=1)
    lengths = torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    lengths = W_dec.norm(dim=1, keepdim=True)
    units = W_dec / torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    gradient -= (gradient * units).sum(dim=1, keepdim=True) * units
    return gradient
