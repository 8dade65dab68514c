"""Broken: 'activations: the latent's activations': the caller's values at special positions are set to 0."""

from typing import Any

from torch import Tensor


def max_activating(activations: Tensor, tokens: Tensor, text: Tensor, k: int, window: int) -> list[dict[str, Any]]:
    found = []
    activations[~text] = 0
    for row in range(tokens.shape[0]):
        places = text[row].nonzero()[:, 0].tolist()
        if not places:
            continue
        first, last = places[0], places[-1]
        position = first + int(activations[row, first : last + 1].argmax())
        activation = activations[row, position].item()
        if activation <= 0:
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
