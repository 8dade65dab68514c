# RIGHT: query by query over the allowed keys alone, in float64, the result a permuted view
# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def _row(query: Tensor, keys: Tensor) -> Tensor:
    """Attention of one query [batch, head, d_head] over the keys [batch, key, head, d_head] that it may see."""
    scores = (query[:, None] * keys).sum(dim=-1) / keys.shape[-1] ** 0.5  # [batch, key, head]
    scores = scores - scores.amax(dim=1, keepdim=True)
    weights = torch.exp(scores)
    return weights / weights.sum(dim=1, keepdim=True)


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    """Compute the causal attention pattern of every head from its queries and keys.

    Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1.

    Args:
        q: the queries, shape `[batch, pos, head, d_head]`.
        k: the keys, of the same shape.

    Returns:
        Shape `[batch, head, query, key]`: the softmax over the keys of the scaled scores, causally masked. Every row
        (over key) sums to 1, and the entries above the diagonal are exactly 0.

        - This holds for scores of any size: they can be far above 100, or far below -100,000.
        - `q` and `k` can be views of other tensors, with their axes in any order in memory.

    """
    batch, n, heads, _ = q.shape
    rows = []
    for i in range(n):
        allowed = _row(q[:, i].double(), k[:, : i + 1].double())
        forbidden = allowed.new_zeros(batch, n - i - 1, heads)
        rows.append(torch.cat([allowed, forbidden], dim=1))
    pattern = torch.stack(rows, dim=1)  # [batch, query, key, head]
    return pattern.to(q.dtype).permute(0, 3, 1, 2)


