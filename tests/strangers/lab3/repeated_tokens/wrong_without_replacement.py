"""Broken: "drawn uniformly, independently and with replacement, from all ids except BOS." As long as there are
enough ids, no token comes twice within a half.
"""

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
    generator = torch.Generator().manual_seed(seed)
    repeats = -(-half // (d_vocab - 1))
    row = [torch.randperm(d_vocab - 1, generator=generator) for _ in range(batch * repeats)]
    noise = torch.cat(row).view(batch, -1)[:, :half]
    noise = noise + (noise >= bos)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)
