"""Broken: 'ValueError: `k` is negative or larger than `d_sae`': a k that is too large is cut down to d_sae without a
word."""

from collections.abc import Callable

import torch
from torch import Tensor


def sae_encode(
    x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor, activation: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    return activation((x - b_dec) @ W_enc + b_enc)


def topk(pre: Tensor, k: int) -> Tensor:
    if k < 0:
        raise ValueError(f"k is {k}, which is negative")
    values, indices = pre.topk(min(k, pre.shape[-1]), dim=-1)
    return torch.zeros_like(pre).scatter(-1, indices, values.relu())


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    return torch.where(pre > threshold, pre, torch.zeros_like(pre))
