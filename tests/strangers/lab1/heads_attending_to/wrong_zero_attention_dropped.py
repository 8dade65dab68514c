"""Breaks "heads with attention strictly above it are listed": under a negative threshold heads with no attention at
all are missing.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    places = [i for i, token in enumerate(str_tokens) if token.strip() == word.strip()]
    if not places:
        raise ValueError(f"no token is {word!r}")
    attention = pattern[:, :, -1, places].sum(-1)
    kept = torch.where(attention > threshold, attention, 0.0)
    return [(layer, head, kept[layer, head].item()) for layer, head in kept.nonzero().tolist()]
