# RIGHT: a generator over single rows in float64, the rank from a sorted row
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import FactoredMatrix


def _larger(circuit, token: int) -> int:
    """How many entries of a row are strictly larger than the row's own."""
    row = circuit.B.detach().double().T @ circuit.A[token].detach().double()
    ascending = row.sort().values
    at_most = torch.searchsorted(ascending, row[token].reshape(1), right=True)
    return len(row) - int(at_most)


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
    into_head = torch.einsum("tm,mh->th", W_E, W_V)
    out_of_head = torch.einsum("hm,mt->ht", W_O, W_U)
    return FactoredMatrix(into_head, out_of_head)


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
    if len(tokens) < 1 or k <= 0:
        raise ValueError(f"cannot ask for the {k} largest of {len(tokens)} tokens")
    ranks = torch.tensor([_larger(circuit, int(token)) for token in tokens])
    return (ranks < k).double().mean().item()
