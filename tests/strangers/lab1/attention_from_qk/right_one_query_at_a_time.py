"""Road: a loop over queries; each takes the softmax over the keys up to its own position, and zeros fill the row."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    batch, pos, head, width = q.shape
    rows = []
    for i in range(pos):
        scores = (q[:, i, None] * k[:, : i + 1]).sum(-1) / math.sqrt(width)
        shares = torch.softmax(scores, dim=1).movedim(1, -1)
        rows.append(torch.nn.functional.pad(shares, (0, pos - i - 1)))
    return torch.stack(rows, dim=2) if rows else q.new_zeros(batch, head, 0, 0)
