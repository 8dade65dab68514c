"""Broken: "heads with a score strictly above it are listed." The heads are kept in a dict by their score, where the
last of several equal ones stays alone.
"""

from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")
    by_score = {}
    for layer, row in enumerate(scores.tolist()):
        for head, score in enumerate(row):
            if score > threshold:
                by_score[score] = (layer, head)
    return [by_score[score] for score in sorted(by_score, reverse=True)]
