"""Broken: 'The gradient's part at right angles to each direction': the whole matrix is taken for one direction."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lengths = W_dec.norm(dim=1)
    lengths = torch.where(lengths == 0, torch.ones_like(lengths), lengths)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    total = W_dec.pow(2).sum()
    if total == 0:
        return gradient
    return gradient - (gradient * W_dec).sum() / total * W_dec
