"""Broken: 'at most `k` are not 0': everything that is not below the k-th largest value is kept, so ties let more
through."""

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
    if k == 0:
        return torch.zeros_like(pre)
    smallest = pre.topk(k, dim=-1).values[..., -1:]
    return torch.where(pre >= smallest, pre, torch.zeros_like(pre)).relu()


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    return torch.where(pre > threshold, pre, torch.zeros_like(pre))
