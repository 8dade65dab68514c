"""Road: a loop over the latents that skips directions of length zero, on copies of the weights."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    new_enc, new_bias, new_dec = (weight.detach().clone() for weight in (W_enc, b_enc, W_dec))
    for j, direction in enumerate(W_dec.detach()):
        length = direction.norm().item()
        if length:
            new_enc[:, j] *= length
            new_bias[j] *= length
            new_dec[j] /= length
    return new_enc, new_bias, new_dec


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    rows = []
    for g, d in zip(gradient, W_dec, strict=True):
        if torch.any(d != 0):
            unit = d / d.norm()
            g = g - torch.dot(g, unit) * unit
        rows.append(g)
    return torch.stack(rows)
