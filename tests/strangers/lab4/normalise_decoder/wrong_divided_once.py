"""Broken: 'The gradient's part at right angles to each direction': the length is divided out once instead of
twice."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lengths = W_dec.norm(dim=1)
    lengths = torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    lengths = W_dec.norm(dim=1, keepdim=True)
    lengths = torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return gradient - (gradient * W_dec).sum(dim=1, keepdim=True) * W_dec / lengths
