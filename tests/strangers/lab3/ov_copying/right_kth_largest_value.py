"""Compares each own entry with the k-th largest value of its row."""

import torch
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
    rows = circuit[tokens].AB
    place = torch.arange(len(tokens), device=rows.device)
    own = rows[place, tokens.to(rows.device)]
    bar = rows.topk(min(k, rows.shape[-1]), dim=-1).values[:, -1]
    return float((own >= bar).double().mean())
