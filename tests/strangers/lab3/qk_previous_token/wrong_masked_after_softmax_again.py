# WRONG: takes the softmax over all keys, then masks and divides by the row sum, which is 0 / 0 where the future wins by far ("each row sums to 1 ... also where attention scores are in the thousands")
import torch
from jaxtyping import Float
from torch import Tensor


def qk_previous_token(
    W_pos: Float[Tensor, "pos d_model"],
    W_Q: Float[Tensor, "head d_model d_head"],
    W_K: Float[Tensor, "head d_model d_head"],
    b_Q: Float[Tensor, "head d_head"],
    b_K: Float[Tensor, "head d_head"],
    scale: float,
) -> tuple[Float[Tensor, "head query key"], Float[Tensor, " head"]]:
    """Compute where the heads of a layer look if they see positions only, and how much of it is one position back.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html (QK circuits).

    Args:
        W_pos: position embeddings, `[pos, d_model]`, of as many positions as are wanted (at least 2).
        W_Q: query matrices of the heads of one layer, `[head, d_model, d_head]`, LayerNorm folded in.
        W_K: key matrices, of the same shape.
        b_Q: query biases, `[head, d_head]`.
        b_K: key biases, of the same shape.
        scale: typical size of the residual stream, above 0: LayerNorm divides the stream by it.

    Returns:
        A tuple `(pattern, previous)`. `pattern`, shape `[head, query, key]`: causal attention, each row sums to 1,
        nothing above the diagonal, also where attention scores are in the thousands. `previous`, shape `[head]`: the
        attention from each query to the position before it, averaged over the queries `1 … pos - 1`.

    Raises:
        ValueError: there are fewer than two positions, or `scale` is not above 0.

    """
    length = W_pos.shape[0]
    if length < 2:
        raise ValueError("at least two positions are needed")
    if not scale > 0:
        raise ValueError("scale must be above 0")
    p = W_pos / scale
    q = torch.einsum("pd,ndh->nph", p, W_Q) + b_Q[:, None, :]
    k = torch.einsum("pd,ndh->nph", p, W_K) + b_K[:, None, :]
    scores = torch.einsum("nqh,nkh->nqk", q, k) / W_Q.shape[-1] ** 0.5
    future = torch.ones(length, length, dtype=torch.bool, device=scores.device).triu(1)
    pattern = scores.softmax(dim=-1).masked_fill(future, 0.0)
    pattern = pattern / pattern.sum(dim=-1, keepdim=True)
    previous = pattern.diagonal(offset=-1, dim1=-2, dim2=-1).mean(dim=-1)
    return pattern, previous
