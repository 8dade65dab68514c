"""Road: torch's fused causal attention with the identity matrix as values gives the pattern itself."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    batch, pos, head, _ = q.shape
    identity = torch.eye(pos, dtype=q.dtype, device=q.device).expand(batch, head, pos, pos)
    return functional.scaled_dot_product_attention(
        query=q.permute(0, 2, 1, 3), key=k.permute(0, 2, 1, 3), value=identity, is_causal=True
    )
