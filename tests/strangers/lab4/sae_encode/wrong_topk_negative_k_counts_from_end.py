"""Broken: 'ValueError: `k` is negative': only a k that is too large is refused, a negative one acts as an end of a
slice."""

from collections.abc import Callable

import torch
from torch import Tensor


def sae_encode(
    x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor, activation: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    return activation((x - b_dec) @ W_enc + b_enc)


def topk(pre: Tensor, k: int) -> Tensor:
    if k > pre.shape[-1]:
        raise ValueError(f"k is {k}, but there are {pre.shape[-1]} latents")
    order = pre.argsort(dim=-1, descending=True)[..., :k]
    return torch.zeros_like(pre).scatter(-1, order, pre.gather(-1, order).relu())


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    return torch.where(pre > threshold, pre, torch.zeros_like(pre))
