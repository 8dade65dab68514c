"""Broken: 'Special positions neither activate nor appear in windows': at the end of a text the padding is shown."""

from typing import Any

from torch import Tensor


def max_activating(activations: Tensor, tokens: Tensor, text: Tensor, k: int, window: int) -> list[dict[str, Any]]:
    found = []
    for row in range(tokens.shape[0]):
        places = text[row].nonzero()[:, 0].tolist()
        if not places:
            continue
        first, last = places[0], places[-1]
        position = first + int(activations[row, first : last + 1].argmax())
        activation = activations[row, position].item()
        if activation <= 0:
            continue
        start, end = max(first, position - window), min(tokens.shape[1] - 1, position + window)
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
