"""Road: it divides by the lengths whatever they are, and mends the rows in which 0/0 came out."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lengths = (W_dec * W_dec).sum(-1) ** 0.5
    factor = lengths + (lengths == 0).to(lengths.dtype)
    return (W_enc.T * factor[:, None]).T, factor * b_enc, torch.nan_to_num(W_dec / lengths[:, None])


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    units = torch.nan_to_num(W_dec / W_dec.norm(dim=1)[:, None])
    along = torch.bmm(gradient[:, None, :], units[:, :, None])[:, 0]
    return torch.sub(gradient, along * units)
