"""Road: all active places of text are listed and sorted by activation, row and position; a set remembers the rows
that are done."""

from typing import Any

import torch
from torch import Tensor


def max_activating(activations: Tensor, tokens: Tensor, text: Tensor, k: int, window: int) -> list[dict[str, Any]]:
    rows, positions = torch.nonzero(text & (activations > 0), as_tuple=True)
    candidates = sorted(zip((-activations[rows, positions]).tolist(), rows.tolist(), positions.tolist(), strict=True))
    seen: set[int] = set()
    examples: list[dict[str, Any]] = []
    for value, row, position in candidates:
        if len(examples) >= k:
            break
        if row in seen:
            continue
        seen.add(row)
        low = max(position - window, 0)
        inside = text[row, low : position + window + 1]
        ids = tokens[row, low : position + window + 1][inside].tolist()
        peak = int(text[row, low:position].sum())
        examples.append({"activation": -value, "row": row, "position": position, "window": ids, "peak": peak})
    return examples
