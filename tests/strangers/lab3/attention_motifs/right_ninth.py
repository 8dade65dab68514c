import torch
from jaxtyping import Float, Int
from torch import Tensor


def attention_motifs(
    pattern: Float[Tensor, "layer batch head query key"], tokens: Int[Tensor, "batch pos"]
) -> dict[str, Float[Tensor, "layer head"]]:
    """Four habits of attention, for every head."""
    if pattern.ndim != 5 or tokens.ndim != 2:
        raise ValueError("pattern must be [layer, batch, head, query, key] and tokens [batch, pos]")
    batch, pos = tokens.shape
    if pattern.shape[1] != batch or tuple(pattern.shape[3:]) != (pos, pos):
        raise ValueError(f"pattern {tuple(pattern.shape)} and tokens {tuple(tokens.shape)} do not fit together")
    if pos < 2:
        raise ValueError("there must be at least two positions")
    queries = torch.arange(1, pos, device=pattern.device)
    tokens = tokens.to(pattern.device)
    earlier = (tokens[:, :, None] == tokens[:, None, :]).tril(diagonal=-1)  # [batch, query, key]
    with_copy = earlier.any(dim=-1)
    copies = (pattern * earlier[None, :, None]).sum(dim=-1)  # [layer, batch, head, query]
    found = copies.sum(dim=(1, 3)) / with_copy.sum().clamp(min=1)
    return {
        "previous": pattern[..., queries, queries - 1].mean(dim=(1, 3)),
        "current": pattern[..., queries, queries].mean(dim=(1, 3)),
        "first": pattern[..., queries, 0].mean(dim=(1, 3)),
        "duplicate": found,
    }
