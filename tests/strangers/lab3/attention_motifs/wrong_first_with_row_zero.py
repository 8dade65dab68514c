"""Broken: "The query at position 0 (BOS) never counts." It counts in the score of the first token."""

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
    first = pattern[..., 0].mean(dim=(1, 3))
    same = (tokens[:, :, None] == tokens[:, None, :]).tril(-1)
    count = same.any(dim=-1).sum().clamp(min=1)
    duplicate = (pattern * same[None, :, None]).sum(dim=(1, 3, 4)) / count
    return {"previous": previous, "current": current, "first": first, "duplicate": duplicate}
