"""Builds a weight for each cell of each motif and contracts the pattern with all four at once."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

NAMES = ("previous", "current", "first", "duplicate")


def attention_motifs(
    pattern: Float[Tensor, "layer batch head query key"], tokens: Int[Tensor, "batch pos"]
) -> dict[str, Float[Tensor, "layer head"]]:
    batch, pos = tokens.shape
    if pattern.ndim != 5 or pattern.shape[1] != batch or pattern.shape[3:] != (pos, pos):
        raise ValueError("pattern and tokens do not fit together")
    if pos < 2:
        raise ValueError("fewer than two positions")
    place = torch.arange(pos, device=pattern.device)
    row, column = place[:, None], place[None, :]
    seen = (tokens.unsqueeze(-1) == tokens.unsqueeze(-2)) & (column < row)
    plain = torch.stack([column == row - 1, column == row, (column == 0).expand(pos, pos)]) & (row > 0)
    cells = torch.cat([plain[:, None].expand(-1, batch, -1, -1), seen[None]]).to(pattern.dtype)
    sums = torch.einsum("lbnqk,mbqk->mln", pattern, cells)
    rows = (cells.sum(-1) > 0).sum(dim=(1, 2)).clamp(min=1)
    return dict(zip(NAMES, sums / rows[:, None, None], strict=True))
