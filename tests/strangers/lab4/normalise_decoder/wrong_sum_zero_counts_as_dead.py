"""Broken: 'where a direction is all zeros, the gradient as it is': a direction whose entries add up to 0 is treated
so as well."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lengths = W_dec.norm(dim=1)
    lengths = torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    lengths = W_dec.norm(dim=1, keepdim=True)
    dead = W_dec.sum(dim=1, keepdim=True) == 0
    units = torch.where(dead, torch.zeros_like(W_dec), W_dec / lengths)
    return gradient - (gradient * units).sum(dim=1, keepdim=True) * units
