"""Broken: 'at most one from each row': the strongest places of all texts are listed."""

from typing import Any

from torch import Tensor


def max_activating(activations: Tensor, tokens: Tensor, text: Tensor, k: int, window: int) -> list[dict[str, Any]]:
    active = (text & (activations > 0)).nonzero().tolist()
    active.sort(key=lambda place: -activations[place[0], place[1]].item())
    examples = []
    for row, position in active[:k]:
        places = text[row].nonzero()[:, 0].tolist()
        start, end = max(places[0], position - window), min(places[-1], position + window)
        examples.append(
            {
                "activation": activations[row, position].item(),
                "row": row,
                "position": position,
                "window": tokens[row, start : end + 1].tolist(),
                "peak": position - start,
            }
        )
    return examples
