"""Road: torch.nn.functional.linear for the encoder, sorting and a boolean mask for top-k, masked_fill for
JumpReLU."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def sae_encode(
    x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor, activation: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    return activation(F.linear(x - b_dec, W_enc.T, b_enc))


def topk(pre: Tensor, k: int) -> Tensor:
    if k not in range(pre.shape[-1] + 1):
        raise ValueError(f"cannot keep {k} of {pre.shape[-1]} latents")
    order = pre.sort(dim=-1, descending=True).indices
    dropped = torch.ones_like(pre, dtype=torch.bool).scatter(-1, order[..., :k], False)
    return F.relu(pre.masked_fill(dropped, 0.0))


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    return pre.masked_fill(~(pre > threshold), 0)
