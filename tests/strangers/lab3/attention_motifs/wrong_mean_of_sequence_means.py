"""Broken: "mean over those queries of the whole batch for which there is at least one" Each sequence has its own
mean first, and then the sequences are averaged.
"""

from jaxtyping import Float, Int
from torch import Tensor


def attention_motifs(
    pattern: Float[Tensor, "layer batch head query key"], tokens: Int[Tensor, "batch pos"]
) -> dict[str, Float[Tensor, "layer head"]]:
    batch, pos = tokens.shape
    if pattern.ndim != 5 or pattern.shape[1] != batch or pattern.shape[3:] != (pos, pos):
        raise ValueError("pattern and tokens do not fit together")
    if pos < 2:
        raise ValueError("fewer than two positions")
    previous = pattern.diagonal(offset=-1, dim1=-2, dim2=-1).mean(dim=(1, 3))
    current = pattern.diagonal(dim1=-2, dim2=-1)[..., 1:].mean(dim=(1, 3))
    first = pattern[..., 1:, 0].mean(dim=(1, 3))
    same = (tokens[:, :, None] == tokens[:, None, :]).tril(-1)
    count = same.any(dim=-1).sum(dim=-1)
    sums = (pattern * same[None, :, None]).sum(dim=(3, 4)) / count.clamp(min=1)[:, None]
    duplicate = sums.sum(dim=1) / (count > 0).sum().clamp(min=1)
    return {"previous": previous, "current": current, "first": first, "duplicate": duplicate}
