"""One einsum from the normalised residual to the output; the top k are scattered into a mask."""

import torch
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
    def norm(x):
        middle = x.mean(-1, keepdim=True)
        return (x - middle) / (x.var(-1, unbiased=False, keepdim=True) + eps) ** 0.5

    written = torch.einsum("tm,mh,hn->tn", norm(residual), W_V, W_O)
    written = torch.where(torch.tensor(negative, device=written.device), -written, written)
    return torch.addmm(b_U, norm(written), W_U)


def copying_score(logits: Float[Tensor, "token d_vocab"], tokens: Int[Tensor, " token"], k: int = 5) -> float:
    count, d_vocab = logits.shape
    if not 0 < k < d_vocab + 1:
        raise ValueError("no such k")
    if tokens.shape != logits.shape[:1]:
        raise ValueError("tokens and rows do not go together")
    top = torch.zeros_like(logits, dtype=torch.bool)
    top.scatter_(1, logits.topk(k).indices, True)
    return top[torch.arange(count, device=logits.device), tokens].sum().item() / count
