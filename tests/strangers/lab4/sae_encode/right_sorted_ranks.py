"""Road: einsum for the encoder, ranks from a double argsort for top-k, multiplication with a mask for JumpReLU."""

from collections.abc import Callable

import torch
from torch import Tensor


def sae_encode(
    x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor, activation: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    centred = x - b_dec
    pre = torch.einsum("...i,ij->...j", centred, W_enc)
    return activation(pre + b_enc)


def topk(pre: Tensor, k: int) -> Tensor:
    width = pre.size(-1)
    if k < 0 or k > width:
        raise ValueError(f"k must be between 0 and {width}, not {k}")
    rank = pre.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    return pre * ((rank < k) & (pre > 0))


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    return pre * pre.gt(threshold).to(pre.dtype)
