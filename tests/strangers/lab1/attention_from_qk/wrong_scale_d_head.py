# WRONG: divides the scores by d_head, not by its root; promised: 'the softmax over the keys of the scaled scores, causally masked.'
import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    """Causal attention patterns from queries and keys."""
    queries = q.movedim(2, 1) * q.shape[-1] ** -1.0  # scale before the product
    keys = k.movedim(2, 1)
    scores = queries @ keys.mT
    place = torch.arange(q.shape[1], device=q.device)
    ahead = place[None, :] > place[:, None]
    scores = scores.masked_fill(ahead, -torch.inf)
    return torch.softmax(scores, dim=-1)
