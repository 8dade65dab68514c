"""Road: the decoder's bias is folded into the encoder's, which is the same sum in another order; top-k takes the k
largest of the rectified values."""

from collections.abc import Callable

import torch
from torch import Tensor


def sae_encode(
    x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor, activation: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    bias = b_enc - b_dec @ W_enc
    flat = torch.addmm(bias, x.reshape(-1, x.shape[-1]), W_enc)
    return activation(flat.reshape(*x.shape[:-1], W_enc.shape[1]))


def topk(pre: Tensor, k: int) -> Tensor:
    d_sae = pre.shape[-1]
    if k < 0:
        raise ValueError("k is negative")
    if k > d_sae:
        raise ValueError("k is larger than the number of latents")
    best = torch.topk(torch.clamp(pre, min=0), k, dim=-1, sorted=False)
    latents = pre.new_zeros(pre.shape)
    latents.scatter_(dim=-1, index=best.indices, src=best.values)
    return latents


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    over = torch.heaviside(pre - threshold, pre.new_zeros(()))
    return over * pre
