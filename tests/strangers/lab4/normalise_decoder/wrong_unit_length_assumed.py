"""Broken: 'W_dec: the directions, of any length': the projection is right for directions of length 1 only."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lengths = W_dec.norm(dim=1)
    lengths = torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    return gradient - (gradient * W_dec).sum(dim=1, keepdim=True) * W_dec
