"""Broken: 'The latents, shape `[..., d_sae]`': axes of length one are lost, as with a batch of one."""

from collections.abc import Callable

import torch
from torch import Tensor


def sae_encode(
    x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor, activation: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    return activation((x - b_dec) @ W_enc + b_enc).squeeze()


def topk(pre: Tensor, k: int) -> Tensor:
    if not 0 <= k <= pre.shape[-1]:
        raise ValueError(f"k is {k}, but there are {pre.shape[-1]} latents")
    values, indices = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, indices, values.relu())


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    return torch.where(pre > threshold, pre, torch.zeros_like(pre))
