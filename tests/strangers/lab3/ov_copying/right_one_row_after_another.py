"""Multiplies one row after another, and never holds more than one in memory."""

from transformer_lens import FactoredMatrix


def full_ov_circuit(W_E, W_V, W_O, W_U):
    return FactoredMatrix(A=W_E.matmul(W_V), B=W_O.matmul(W_U))


def ov_copying(circuit, tokens, k):
    if k <= 0:
        raise ValueError(f"k must be positive, not {k}")
    if tokens.numel() == 0:
        raise ValueError("at least one token is needed")
    hits = 0
    for token in tokens.tolist():
        row = circuit.A[token] @ circuit.B
        hits += int(row.gt(row[token]).sum()) < k
    return hits / tokens.numel()
