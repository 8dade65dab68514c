"""Broken: "a row counts when fewer than `k` of its entries are strictly larger than the token's own." With a k above
the size of the vocabulary topk raises a RuntimeError.
"""

from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import FactoredMatrix


def full_ov_circuit(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> FactoredMatrix:
    return FactoredMatrix(W_E @ W_V, W_O @ W_U)


def ov_copying(circuit: FactoredMatrix, tokens: Int[Tensor, " token"], k: int) -> float:
    if k < 1:
        raise ValueError("k is below 1")
    if len(tokens) == 0:
        raise ValueError("no tokens")
    rows = circuit.A[tokens] @ circuit.B
    own = rows.gather(1, tokens[:, None])
    bar = rows.topk(k, dim=-1).values[:, -1:]
    return (own >= bar).float().mean().item()
