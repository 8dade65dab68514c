# WRONG: the second LayerNorm keeps 1e-5 whatever eps is; the text: "eps: what both LayerNorms add to the variance"
# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def ov_logits(
    residual: Float[Tensor, "token d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    b_U: Float[Tensor, " d_vocab"],
    negative: bool = False,
    eps: float = 1e-5,
) -> Float[Tensor, "token d_vocab"]:
    """Give the logits that a head would write if it attended to one place alone.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 3.1

    Args:
        residual: what stands in the residual stream before the head's layer, one row for each token looked at.
        W_V: the head's value weights.
        W_O: the head's output weights.
        W_U: the unembedding.
        b_U: the unembedding's bias.
        negative: whether to turn the head's output round, to ask about anti-copying.
        eps: what both LayerNorms add to the variance.

    Returns:
        Logits `[token, d_vocab]`: the residual, normalised (LayerNorm without weights), through W_V and W_O, negated if
        asked for, normalised again, through W_U, plus b_U.

    """
    def normalise(x, eps=1e-5):
        centred = x - x.mean(dim=-1, keepdim=True)
        return centred / (centred.pow(2).mean(dim=-1, keepdim=True) + eps).sqrt()

    written = normalise(residual, eps) @ W_V @ W_O
    if negative:
        written = -written
    return normalise(written) @ W_U + b_U


# %%
def copying_score(logits: Float[Tensor, "token d_vocab"], tokens: Int[Tensor, " token"], k: int = 5) -> float:
    """Give the share of tokens that are among the k highest logits of their own row.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 3.1

    Args:
        logits: what a head writes when it looks at each of some tokens, one row for each.
        tokens: the id of each row's token.
        k: how many of the highest logits count as a hit, at least 1 and at most d_vocab.

    Returns:
        A number between 0 and 1, a Python float. A token that stands in several rows counts in each of them.

    Raises:
        ValueError: k is less than 1 or more than d_vocab, or there is not exactly one token for each row.

    """
    if k < 1 or k > logits.shape[-1]:
        raise ValueError(f"k must be between 1 and {logits.shape[-1]}, not {k}")
    if tokens.shape != logits.shape[:1]:
        raise ValueError("there must be one token for each row")
    best = logits.topk(k, dim=-1).indices
    hits = (best == tokens[:, None]).any(dim=-1)
    return hits.double().mean().item()


