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
    candidates: list[tuple[float, int, int]] = []
    for row, (values, real) in enumerate(zip(activations.tolist(), text.tolist(), strict=True)):
        best = max(
            ((value, -position) for position, value in enumerate(values) if real[position] and value > 0), default=None
        )
        if best is not None:
            candidates.append((-best[0], row, -best[1]))
    examples = []
    for minus, row, position in sorted(candidates)[:k]:
        ids, peak = [], 0
        for place in range(max(0, position - window), min(tokens.shape[1], position + window + 1)):
            if bool(text[row, place]):
                if place == position:
                    peak = len(ids)
                ids.append(int(tokens[row, place]))
        examples.append({"activation": -minus, "row": row, "position": position, "window": ids, "peak": peak})
    return examples
