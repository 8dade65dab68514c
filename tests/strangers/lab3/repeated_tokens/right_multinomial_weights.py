"""Gives every id but BOS the weight one and draws with torch.multinomial."""

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
    weights = torch.ones(d_vocab, dtype=torch.float64)
    weights[bos] = 0
    generator = torch.Generator("cpu")
    generator.manual_seed(seed)
    drawn = torch.multinomial(weights, batch * half, replacement=True, generator=generator)
    noise = drawn.view(batch, half).repeat(1, 2)
    return torch.nn.functional.pad(noise, (1, 0), value=bos).to(device)
