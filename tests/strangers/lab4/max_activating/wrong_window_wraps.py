"""Broken: 'At the edge of a text the window ends: it does not wrap around': on the left a negative place counts from
the end of the text."""

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
        words = tokens[row, first : last + 1].tolist()
        here = position - first
        around = [words[q % len(words)] for q in range(here - window, min(here + window + 1, len(words)))]
        found.append(
            {
                "activation": activation,
                "row": row,
                "position": position,
                "window": around,
                "peak": window,
            }
        )
    found.sort(key=lambda example: -example["activation"])
    return found[:k]
