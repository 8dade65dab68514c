"""Broken: "the global random states (PyTorch's, NumPy's, Python's) are the same after the call as before it." The
draw has a generator of its own, but a first, unused draw advances the default one.
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
    noise = torch.empty_like(torch.rand(batch, half), dtype=torch.int64)
    noise.random_(0, d_vocab - 1, generator=generator)
    noise = noise + (noise >= bos)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)
