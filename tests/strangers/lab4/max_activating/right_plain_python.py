"""Road: plain lists from the start, with heapq for the best k and a generator for the candidates."""

import heapq
from collections.abc import Iterator
from typing import Any

from torch import Tensor


def _peaks(activations: list[list[float]], text: list[list[bool]]) -> Iterator[tuple[float, int, int]]:
    for row, (values, real) in enumerate(zip(activations, text, strict=True)):
        heard = [(-value, position) for position, value in enumerate(values) if real[position] and value > 0]
        if heard:
            negative, position = min(heard)
            yield negative, row, position


def max_activating(activations: Tensor, tokens: Tensor, text: Tensor, k: int, window: int) -> list[dict[str, Any]]:
    ids, real = tokens.tolist(), text.tolist()
    result = []
    for negative, row, position in heapq.nsmallest(k, _peaks(activations.tolist(), real)):
        left = position
        while left > max(0, position - window) and real[row][left - 1]:
            left -= 1
        right = position
        while right < min(len(ids[row]) - 1, position + window) and real[row][right + 1]:
            right += 1
        result.append(
            {
                "activation": -negative,
                "row": row,
                "position": position,
                "window": ids[row][left : right + 1],
                "peak": position - left,
            }
        )
    return result
