# WRONG: examples with the same activation come in the reverse order of their rows; promised: 'Examples with the same activation come in the order of their rows.'
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
    order = peaks.values.argsort(stable=True).flip(0).tolist()
    result = []
    for row in order:
        if len(result) >= k:
            break
        strength = peaks.values[row].item()
        if strength <= 0:
            continue
        position = int(peaks.indices[row])
        places = text[row].nonzero()[:, 0].tolist()
        start = max(position - window, places[0])
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
