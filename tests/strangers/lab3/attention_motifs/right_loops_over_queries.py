"""Walks through all sequences and queries and collects rows of attention in lists."""

import torch


def attention_motifs(pattern, tokens):
    if pattern.dim() != 5 or tokens.dim() != 2:
        raise ValueError("wrong number of axes")
    if (pattern.size(1), pattern.size(3), pattern.size(4)) != (tokens.size(0), tokens.size(1), tokens.size(1)):
        raise ValueError("the sizes do not fit")
    if tokens.size(1) < 2:
        raise ValueError("there is nothing to look back at")
    found = {"previous": [], "current": [], "first": [], "duplicate": []}
    for b, sequence in enumerate(tokens.tolist()):
        for q in range(1, len(sequence)):
            attention = pattern[:, b, :, q]
            found["previous"].append(attention[..., q - 1])
            found["current"].append(attention[..., q])
            found["first"].append(attention[..., 0])
            earlier = [k for k in range(q) if sequence[k] == sequence[q]]
            if earlier:
                found["duplicate"].append(attention[..., earlier].sum(dim=-1))
    nothing = pattern.new_zeros(pattern.size(0), pattern.size(2))
    return {name: torch.stack(rows).mean(dim=0) if rows else nothing for name, rows in found.items()}
