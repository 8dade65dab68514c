# WRONG: on the left the window ends only at the edge of the row, so BOS can appear in it; promised: 'Special positions (BOS, padding) do not count as active and do not appear in windows.'
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def max_activating(
    activations: Float[Tensor, "batch pos"],
    tokens: Int[Tensor, "batch pos"],
    text: Bool[Tensor, "batch pos"],
    k: int,
    window: int,
) -> list[dict[str, Any]]:
    """List the texts on which a latent is most active, with their context."""
    values = activations.masked_fill(~text, 0.0)
    peaks = values.max(dim=1)
    order = peaks.values.argsort(descending=True, stable=True).tolist()
    result = []
    for row in order:
        if len(result) >= k:
            break
        strength = peaks.values[row].item()
        if strength <= 0:
            continue
        position = int(peaks.indices[row])
        places = text[row].nonzero()[:, 0].tolist()
        start = max(position - window, 0)
        end = min(position + window, places[-1])
        result.append(
            {
                "activation": strength,
                "row": row,
                "position": position,
                "window": tokens[row, start : end + 1].tolist(),
                "peak": position - start,
            }
        )
    return result
