"""Draws from all ids but the last, and lets the last id stand in where BOS was drawn."""

import torch
from jaxtyping import Int
from torch import Tensor


def repeated_tokens(
    d_vocab: int, bos: int, batch: int, half: int, seed: int, device: str | torch.device = "cpu"
) -> Int[Tensor, "batch pos"]:
    if batch < 1 or half < 1:
        raise ValueError("batch and half must be at least 1")
    if not 0 <= bos < d_vocab:
        raise ValueError("bos is not in the vocabulary")
    if d_vocab < 2:
        raise ValueError("no token but BOS")
    tokens = torch.empty(batch, 1 + 2 * half, dtype=torch.int64)
    tokens[:, 0] = bos
    first = tokens[:, 1 : half + 1]
    first.random_(0, d_vocab - 1, generator=torch.Generator().manual_seed(seed))
    first[first == bos] = d_vocab - 1
    tokens[:, half + 1 :] = first
    return tokens.to(device=device)
