"""Broken: "Each token of the first half is drawn uniformly, [...] from all ids except BOS." A drawn BOS becomes the
next id, which is then twice as likely as any other.
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
    noise = torch.randint(0, d_vocab, (batch, half), generator=generator)
    noise = torch.where(noise == bos, (noise + 1) % d_vocab, noise)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)
