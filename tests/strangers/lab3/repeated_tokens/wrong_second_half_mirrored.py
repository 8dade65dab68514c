"""Broken: "BOS, a random half, the same half again." The second half comes in the reverse order."""

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
    noise = torch.randint(0, d_vocab - 1, (batch, half), generator=generator)
    noise = noise + (noise >= bos)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise.flip(1)], dim=1).to(device)
