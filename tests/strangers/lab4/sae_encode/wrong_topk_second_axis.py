"""Broken: 'shape `[..., d_sae]`' with any number of leading axes: top-k runs along axis 1, which is the last one only
for a matrix."""

from collections.abc import Callable

import torch
from torch import Tensor


def sae_encode(
    x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor, activation: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    return activation((x - b_dec) @ W_enc + b_enc)


def topk(pre: Tensor, k: int) -> Tensor:
    if not 0 <= k <= pre.shape[-1]:
        raise ValueError(f"k is {k}, but there are {pre.shape[-1]} latents")
    axis = 1 if pre.ndim > 1 else 0
    order = pre.argsort(dim=axis, descending=True).argsort(dim=axis)
    return torch.where(order < k, pre, torch.zeros_like(pre)).relu()


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    return torch.where(pre > threshold, pre, torch.zeros_like(pre))
