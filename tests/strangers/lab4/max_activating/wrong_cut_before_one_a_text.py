"""Broken: 'At most k examples', shorter only if fewer texts are active: the k strongest places are taken before
repeated rows are dropped."""

from typing import Any

from torch import Tensor


def max_activating(activations: Tensor, tokens: Tensor, text: Tensor, k: int, window: int) -> list[dict[str, Any]]:
    active = (text & (activations > 0)).nonzero().tolist()
    active.sort(key=lambda place: -activations[place[0], place[1]].item())
    best: dict[int, int] = {}
    for row, position in active[:k]:
        best.setdefault(row, position)
    examples = []
    for row, position in best.items():
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
