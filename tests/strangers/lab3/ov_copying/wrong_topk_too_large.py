# WRONG: asks topk for k entries, which fails where k is larger than the vocabulary; promised: 'k may be larger than the vocabulary: then every row counts'
import torch
from transformer_lens import FactoredMatrix


def full_ov_circuit(W_E, W_V, W_O, W_U):
    return FactoredMatrix(torch.matmul(W_E, W_V), torch.matmul(W_O, W_U))


def ov_copying(circuit, tokens, k):
    if k < 1 or tokens.numel() == 0:
        raise ValueError("k must be at least 1, and there must be tokens")
    hits = 0
    for some in tokens.split(128):  # a few rows at a time
        rows = circuit.A[some] @ circuit.B
        border = rows.topk(k, dim=1).values[:, -1:]
        hits += (rows.gather(1, some[:, None]) >= border).sum().item()
    return hits / len(tokens)
