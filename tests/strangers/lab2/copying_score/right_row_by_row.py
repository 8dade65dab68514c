"""Loops over the rows in both functions; negative turns the output weights round."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def normalise(vector, eps):
    variance, mean = torch.var_mean(vector, correction=0)
    return (vector - mean) * torch.rsqrt(variance + eps)


def ov_logits(
    residual: Float[Tensor, "token d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    b_U: Float[Tensor, " d_vocab"],
    negative: bool = False,
    eps: float = 1e-5,
) -> Float[Tensor, "token d_vocab"]:
    W_O = W_O.neg() if negative else W_O
    rows = []
    for vector in residual:
        written = W_O.T @ (W_V.T @ normalise(vector, eps))
        rows.append(W_U.T @ normalise(written, eps) + b_U)
    return torch.stack(rows)


def copying_score(logits: Float[Tensor, "token d_vocab"], tokens: Int[Tensor, " token"], k: int = 5) -> float:
    if k not in range(1, logits.shape[-1] + 1):
        raise ValueError(f"k = {k}")
    if list(tokens.shape) != [logits.shape[0]]:
        raise ValueError(f"{tuple(tokens.shape)} tokens for {logits.shape[0]} rows")
    hits = 0
    for row, token in zip(logits, tokens.tolist(), strict=True):
        hits += token in row.argsort(descending=True)[:k].tolist()
    return hits / len(tokens)
