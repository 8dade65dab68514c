"""Road: plain loops, one activation and for top-k one latent after the other, put together with stack."""

from collections.abc import Callable

import torch
from torch import Tensor


def _each_row(pre: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    rows = [function(row) for row in pre.reshape(-1, pre.shape[-1])]
    return torch.stack(rows).reshape(pre.shape) if rows else torch.zeros_like(pre)


def sae_encode(
    x: Tensor, W_enc: Tensor, b_enc: Tensor, b_dec: Tensor, activation: Callable[[Tensor], Tensor] = torch.relu
) -> Tensor:
    return activation((x - b_dec) @ W_enc + b_enc)


def topk(pre: Tensor, k: int) -> Tensor:
    if k < 0 or k > pre.shape[-1]:
        raise ValueError(f"k = {k} is out of range")

    def keep(row: Tensor) -> Tensor:
        numbers = row.tolist()
        best = sorted(range(len(numbers)), key=lambda j: -numbers[j])[:k]
        kept = torch.zeros_like(row)
        for j in best:
            if numbers[j] > 0:
                kept[j] = row[j]
        return kept

    return _each_row(pre, keep)


def jumprelu(pre: Tensor, threshold: Tensor) -> Tensor:
    columns = []
    for j in range(pre.shape[-1]):
        column = pre[..., j]
        columns.append(torch.where(column > threshold[j], column, torch.zeros_like(column)))
    return torch.stack(columns, dim=-1)
