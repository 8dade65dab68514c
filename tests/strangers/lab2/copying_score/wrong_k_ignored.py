"""Breaks "k: how many of the highest logits count as a hit": always five, or all if there are fewer."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def layer_norm(x, eps):
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.pow(2).mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(variance + eps)


def ov_logits(
    residual: Float[Tensor, "token d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    b_U: Float[Tensor, " d_vocab"],
    negative: bool = False,
    eps: float = 1e-5,
) -> Float[Tensor, "token d_vocab"]:
    written = layer_norm(residual, eps) @ W_V @ W_O
    if negative:
        written = -written
    return layer_norm(written, eps) @ W_U + b_U


def copying_score(logits: Float[Tensor, "token d_vocab"], tokens: Int[Tensor, " token"], k: int = 5) -> float:
    rows, d_vocab = logits.shape
    if k < 1 or k > d_vocab:
        raise ValueError(f"k must be between 1 and {d_vocab}")
    if tokens.shape != (rows,):
        raise ValueError("there must be one token for each row")
    highest = logits.topk(min(5, d_vocab), dim=-1).indices
    hits = (highest == tokens[:, None]).any(dim=-1)
    return hits.float().mean().item()
