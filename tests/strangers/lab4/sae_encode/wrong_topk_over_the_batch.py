"""Broken: 'among the $k$ largest of *its* activation': k latents a token are kept on average, chosen over the whole
batch."""

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
    flat = pre.reshape(-1)
    values, indices = flat.topk(k * (flat.numel() // pre.shape[-1]))
    return torch.zeros_like(flat).scatter(0, indices, values.relu()).reshape(pre.shape)


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    return torch.where(pre > threshold, pre, torch.zeros_like(pre))
