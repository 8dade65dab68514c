"""Road: special positions are filled with -1 in a copy, the maxima of all rows are taken at once and sorted
stably."""

from typing import Any

from torch import Tensor


def max_activating(activations: Tensor, tokens: Tensor, text: Tensor, k: int, window: int) -> list[dict[str, Any]]:
    if not tokens.numel():
        return []
    peaks, positions = activations.masked_fill(~text, -1.0).max(dim=1)
    order = peaks.sort(descending=True, stable=True).indices
    examples = []
    for row in order[peaks[order] > 0][:k].tolist():
        p = int(positions[row])
        around = [q for q in range(p - window, p + window + 1) if 0 <= q < tokens.shape[1] and text[row, q]]
        examples.append(
            dict(
                activation=float(peaks[row]),
                row=row,
                position=p,
                window=[int(tokens[row, q]) for q in around],
                peak=around.index(p),
            )
        )
    return examples
