# WRONG: counts entries equal to the diagonal against it; promised: 'fewer than k of its entries are strictly larger than the token's own'
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
        own = rows.gather(1, some[:, None])
        hits += ((rows >= own).sum(dim=1) - 1).lt(k).sum().item()
    return hits / len(tokens)
