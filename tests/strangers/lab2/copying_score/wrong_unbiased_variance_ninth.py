# WRONG: the variance divides by the number of components minus one; promised: 'the residual, normalised (LayerNorm without weights), through W_V and W_O, negated if asked for, normalised again, through W_U, plus b_U.'
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
    """What a head writes about single tokens, as logits."""

    def normalised(x):
        centred = x - x.mean(dim=-1, keepdim=True)
        return centred * torch.rsqrt(x.var(dim=-1, keepdim=True) + eps)

    written = normalised(residual) @ W_V @ W_O
    if negative:
        written = -written
    return torch.addmm(b_U, normalised(written), W_U)


def copying_score(logits: Float[Tensor, "token d_vocab"], tokens: Int[Tensor, " token"], k: int = 5) -> float:
    """The share of rows whose own token is among the k highest logits."""
    rows, d_vocab = logits.shape
    if k < 1 or k > d_vocab:
        raise ValueError(f"k must be between 1 and {d_vocab}, not {k}")
    if tokens.shape != (rows,):
        raise ValueError(f"{rows} rows, but tokens of shape {tuple(tokens.shape)}")
    own = logits.gather(1, tokens.long().to(logits.device)[:, None])
    better = (logits > own).sum(dim=1)
    return (better < k).double().mean().item()
