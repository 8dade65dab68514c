"""Broken: 'Special positions neither activate nor appear in windows': the peak is looked for at all positions, and
rows whose peak is special are left out."""

from typing import Any

from torch import Tensor


def max_activating(activations: Tensor, tokens: Tensor, text: Tensor, k: int, window: int) -> list[dict[str, Any]]:
    found = []
    for row in range(tokens.shape[0]):
        places = text[row].nonzero()[:, 0].tolist()
        if not places:
            continue
        first, last = places[0], places[-1]
        position = int(activations[row].argmax())
        activation = activations[row, position].item()
        if activation <= 0 or not text[row, position]:
            continue
        start, end = max(first, position - window), min(last, position + window)
        found.append(
            {
                "activation": activation,
                "row": row,
                "position": position,
                "window": tokens[row, start : end + 1].tolist(),
                "peak": position - start,
            }
        )
    found.sort(key=lambda example: -example["activation"])
    return found[:k]
