"""Broken: 'the directions, of any length': a small number is added to the squared length, which outweighs short
directions."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lengths = W_dec.norm(dim=1)
    lengths = torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    squared = W_dec.pow(2).sum(dim=1, keepdim=True) + 1e-6
    return gradient - (gradient * W_dec).sum(dim=1, keepdim=True) / squared * W_dec
