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
    scores = scores.masked_fill(ahead, -torch.inf)
    return torch.softmax(scores, dim=-1)
