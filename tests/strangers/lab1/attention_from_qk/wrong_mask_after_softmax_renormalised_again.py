# WRONG: softmax over all keys first, then masked and divided by the row sum: 0/0 when a forbidden score is far larger; the text: "The causal mask comes *before* the softmax", "This holds for scores of any size"
# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
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
    scores = torch.einsum("bihd,bjhd->bhij", q, k) / q.shape[-1] ** 0.5
    pattern = scores.softmax(dim=-1).tril()
    return pattern / pattern.sum(dim=-1, keepdim=True)


