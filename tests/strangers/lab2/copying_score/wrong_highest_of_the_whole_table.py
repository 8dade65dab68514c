"""Breaks "among the k highest logits of their own row": the k-th highest of the whole table is the bar."""

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def ov_logits(
    residual: Float[Tensor, "token d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    b_U: Float[Tensor, " d_vocab"],
    negative: bool = False,
    eps: float = 1e-5,
) -> Float[Tensor, "token d_vocab"]:
    sign = -1.0 if negative else 1.0
    value = F.linear(F.layer_norm(residual, residual.shape[1:], eps=eps), W_V.T)
    output = F.linear(value, W_O.T).mul(sign)
    return F.linear(F.layer_norm(output, output.shape[1:], eps=eps), W_U.T, b_U)


def copying_score(logits: Float[Tensor, "token d_vocab"], tokens: Int[Tensor, " token"], k: int = 5) -> float:
    if not 1 <= k <= logits.size(1):
        raise ValueError("k is less than 1 or more than d_vocab")
    if tokens.ndim != 1 or len(tokens) != len(logits):
        raise ValueError("one token for each row is needed")
    own = logits.gather(1, tokens.unsqueeze(1))
    higher = (logits.flatten() > own).sum(dim=1)
    return float((higher < k).double().mean())
