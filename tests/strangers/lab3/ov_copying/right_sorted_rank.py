"""Finds the rank of each own entry by a binary search in the sorted row, chunk by chunk."""

import torch
from torch import einsum
from transformer_lens import FactoredMatrix


def full_ov_circuit(W_E, W_V, W_O, W_U):
    left = einsum("vm,mh->vh", W_E, W_V)
    right = einsum("hm,mv->hv", W_O, W_U)
    return FactoredMatrix(left, right)


def ov_copying(circuit, tokens, k):
    if k < 1 or len(tokens) < 1:
        raise ValueError("k must be at least 1, and there must be tokens")
    right = circuit.B.detach()
    counts = []
    for chunk in tokens.split(64):
        rows = circuit.A.detach()[chunk] @ right
        own = rows.take_along_dim(chunk.to(rows.device).unsqueeze(-1), dim=-1)
        not_larger = torch.searchsorted(rows.sort(dim=-1).values, own, right=True)
        counts.append(rows.shape[-1] - not_larger.squeeze(-1))
    return sum(int(count) < k for count in torch.cat(counts)) / len(tokens)
