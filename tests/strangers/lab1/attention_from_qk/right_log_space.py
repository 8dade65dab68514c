"""Road: einsum, torch.where for the mask, then exp of log_softmax."""

import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    positions = torch.arange(q.size(1), device=q.device)
    allowed = positions[None, :] <= positions[:, None]
    scores = torch.einsum("bind,bjnd->bnij", q, k) * q.size(-1) ** -0.5
    scores = torch.where(allowed, scores, torch.full_like(scores, float("-inf")))
    return scores.log_softmax(dim=-1).exp()
