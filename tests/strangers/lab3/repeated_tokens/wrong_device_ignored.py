"""Broken: "device: where the result is." The result is always on the CPU."""

import random

import torch
from jaxtyping import Int
from torch import Tensor


def one_token(source: random.Random, d_vocab: int, bos: int) -> int:
    while True:
        token = source.randrange(d_vocab)
        if token != bos:
            return token


def repeated_tokens(
    d_vocab: int, bos: int, batch: int, half: int, seed: int, device: str | torch.device = "cpu"
) -> Int[Tensor, "batch pos"]:
    if batch < 1 or half < 1:
        raise ValueError("batch and half must be at least 1")
    if not 0 <= bos < d_vocab:
        raise ValueError("bos is not in the vocabulary")
    if d_vocab < 2:
        raise ValueError("no token but BOS")
    source = random.Random(seed)
    rows = []
    for _ in range(batch):
        noise = [one_token(source, d_vocab, bos) for _ in range(half)]
        rows.append([bos, *noise, *noise])
    return torch.tensor(rows, dtype=torch.int64)
