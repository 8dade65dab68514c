# WRONG: the row of BOS counts in current and first; promised: 'The query at position 0 (BOS) never counts'
import torch


def attention_motifs(pattern, tokens):
    layers, batch, heads, queries, keys = pattern.shape
    if tokens.shape != (batch, queries) or queries != keys or queries < 2:
        raise ValueError("shapes do not fit")
    previous = pattern.diagonal(offset=-1, dim1=-2, dim2=-1).mean(dim=(1, 3))
    current = pattern.diagonal(dim1=-2, dim2=-1).mean(dim=(1, 3))
    first = pattern[..., 0].mean(dim=(1, 3))
    same = (tokens[:, :, None] == tokens[:, None, :]).tril(-1)
    n = same.any(-1).sum()
    duplicate = (pattern * same[None, :, None]).sum((1, 3, 4))
    duplicate = duplicate / n if n > 0 else torch.zeros_like(duplicate)
    return {"previous": previous, "current": current, "first": first, "duplicate": duplicate}
