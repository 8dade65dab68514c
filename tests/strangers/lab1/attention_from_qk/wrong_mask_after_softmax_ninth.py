# WRONG: softmax first, then the forbidden entries are set to 0: rows no longer sum to 1; promised: 'Every row (over key) sums to 1, and the entries above the diagonal are exactly 0.'
import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    """Causal attention patterns from queries and keys."""
    queries = q.movedim(2, 1) * q.shape[-1] ** -0.5  # scale before the product
    keys = k.movedim(2, 1)
    scores = queries @ keys.mT
    place = torch.arange(q.shape[1], device=q.device)
    ahead = place[None, :] > place[:, None]
    pattern = torch.softmax(scores, dim=-1)
    return pattern.masked_fill(ahead, 0.0)
