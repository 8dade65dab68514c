# WRONG: the biases are divided by the scale, too; promised: 'typical size of the residual stream, above 0: LayerNorm divides the stream by it.'
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
    """Where the heads look if they see positions only."""
    n = W_pos.shape[0]
    if n < 2:
        raise ValueError("there must be at least two positions")
    if not scale > 0:
        raise ValueError(f"scale must be above 0, not {scale}")
    seen = (W_pos / scale).expand(W_Q.shape[0], -1, -1)  # [head, pos, d_model]
    queries = torch.baddbmm(b_Q[:, None] / scale, seen, W_Q)
    keys = torch.baddbmm(b_K[:, None], seen, W_K)
    scores = queries @ keys.transpose(1, 2) / W_Q.shape[-1] ** 0.5
    causal = scores.new_ones(n, n).tril().bool()
    pattern = scores.where(causal, -torch.inf).softmax(dim=-1)
    return pattern, pattern.diagonal(offset=-1, dim1=1, dim2=2).mean(dim=-1)
