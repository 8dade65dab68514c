"""Broken: "a row counts when fewer than `k` of its entries are strictly larger than the token's own." The own entry
is a sum of its own, and where rounding makes it smaller than the same entry of the row, it loses to itself.
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
    own = (circuit.A[tokens] * circuit.B[:, tokens].T).flip(-1).cumsum(dim=-1)[:, -1:]
    larger = (rows > own).sum(dim=-1)
    return (larger < k).float().mean().item()
