# RIGHT: head by head and query by query in float64, softmax over the allowed keys only
import math
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
    n_positions, (n_heads, _, d_head) = len(W_pos), W_Q.shape
    if n_positions < 2 or scale <= 0:
        raise ValueError("need two positions or more, and a positive scale")
    p = W_pos.double() / scale
    pattern = p.new_zeros(n_heads, n_positions, n_positions)
    previous = p.new_zeros(n_heads)
    for n in range(n_heads):
        q = p @ W_Q[n].double() + b_Q[n].double()
        k = p @ W_K[n].double() + b_K[n].double()
        for i in range(n_positions):
            pattern[n, i, : i + 1] = torch.softmax(k[: i + 1] @ q[i] / math.sqrt(d_head), dim=0)
            if i:
                previous[n] += pattern[n, i, i - 1]
    previous /= n_positions - 1
    return pattern.to(W_pos.dtype), previous.to(W_pos.dtype)
