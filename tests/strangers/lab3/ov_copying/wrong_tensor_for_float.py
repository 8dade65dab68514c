"""Broken: "A float between 0 and 1" It is a tensor without axes."""

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
    larger = (rows > own).sum(dim=-1)
    return (larger < k).float().mean()
