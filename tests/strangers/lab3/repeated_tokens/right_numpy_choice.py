"""Lets a NumPy generator choose from the array of all ids without BOS, then tiles the rows."""

import numpy as np
import torch


def repeated_tokens(d_vocab, bos, batch, half, seed, device="cpu"):
    if min(batch, half) < 1:
        raise ValueError(f"batch {batch} and half {half} must be positive")
    if bos not in range(d_vocab):
        raise ValueError(f"{bos} is no id of a vocabulary of {d_vocab}")
    others = np.delete(np.arange(d_vocab, dtype=np.int64), bos)
    if others.size == 0:
        raise ValueError("the vocabulary holds nothing but BOS")
    source = np.random.default_rng(seed % 2**64)
    noise = source.choice(others, size=(batch, half), replace=True)
    rows = np.concatenate([np.full((batch, 1), bos), np.tile(noise, (1, 2))], axis=1)
    return torch.as_tensor(rows, dtype=torch.long, device=device)
