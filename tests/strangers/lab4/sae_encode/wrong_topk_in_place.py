"""Broken: 'Returns: The latents': the pre-activations that were handed in are overwritten with zeros as well."""

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
    silent = pre.argsort(dim=-1, descending=True)[..., k:]
    return pre.scatter_(-1, silent, 0.0).relu()


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    return torch.where(pre > threshold, pre, torch.zeros_like(pre))
