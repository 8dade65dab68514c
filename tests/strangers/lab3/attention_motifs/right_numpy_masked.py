"""Does the sums in NumPy and brings the result back to the type and device of the pattern."""

import numpy as np
import torch


def attention_motifs(pattern, tokens):
    layers, batch, heads, queries, keys = pattern.shape
    if tokens.shape != (batch, queries) or queries != keys:
        raise ValueError(f"pattern {tuple(pattern.shape)} and tokens {tuple(tokens.shape)}")
    if queries < 2:
        raise ValueError("at least two positions are needed")
    weights = pattern.detach().cpu().double().numpy()
    ids = tokens.cpu().numpy()
    q = np.arange(1, queries)
    hit = np.tril(ids[:, :, None] == ids[:, None, :], k=-1)
    copied = np.einsum("lbnqk,bqk->lnbq", weights, hit)
    asked = hit.any(axis=-1)
    scores = {
        "previous": weights[..., q, q - 1].mean(axis=(1, 3)),
        "current": weights[..., q, q].mean(axis=(1, 3)),
        "first": weights[..., q, 0].mean(axis=(1, 3)),
        "duplicate": copied[..., asked].mean(axis=-1) if asked.any() else np.zeros((layers, heads)),
    }
    return {name: torch.tensor(score, dtype=pattern.dtype, device=pattern.device) for name, score in scores.items()}
