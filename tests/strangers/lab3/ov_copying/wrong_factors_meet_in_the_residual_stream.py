# WRONG: splits the product at the wrong place ("whose factors `.A`, `[d_vocab, d_head]`, and `.B`, `[d_head, d_vocab]`, meet in the head's own space")
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
    """Compute the full OV circuit of a head, from the token attended to (row) to the logits (column), as two factors.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html

    Args:
        W_E: embedding, `[d_vocab, d_model]`.
        W_V: value matrix of the head, `[d_model, d_head]`.
        W_O: output matrix of the head, `[d_head, d_model]`.
        W_U: unembedding, `[d_model, d_vocab]`.

    Returns:
        The product of the four as a `FactoredMatrix` whose factors `.A`, `[d_vocab, d_head]`, and `.B`, `[d_head,
        d_vocab]`, meet in the head's own space.

    """
    return FactoredMatrix(W_E @ W_V @ W_O, W_U)


def ov_copying(circuit: FactoredMatrix, tokens: Int[Tensor, " token"], k: int) -> float:
    """Compute the share of tokens whose own logit is among the `k` largest that attending to them gives.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html (copying heads).

    Args:
        circuit: a full OV circuit, `[d_vocab, d_vocab]` in two factors; rows are tokens attended to, columns are
            logits. It may be too large to be multiplied out.
        tokens: the tokens to ask about, as ids. A token that is there twice counts twice.
        k: a row counts when fewer than `k` of its entries are strictly larger than the token's own. `k` may be larger than
            the vocabulary: then every row counts.

    Returns:
        A float between 0 and 1: the share of `tokens` whose row counts.

    Raises:
        ValueError: `k` is below 1, or there are no tokens.

    """
    if k < 1:
        raise ValueError("k must be at least 1")
    if tokens.numel() == 0:
        raise ValueError("there are no tokens")
    good = 0
    for chunk in tokens.long().split(64):
        rows = circuit.A[chunk] @ circuit.B
        own = rows.gather(1, chunk[:, None])
        good += int(((rows > own).sum(dim=1) < k).sum())
    return good / tokens.numel()
