"""Broken: "Equal scores are in ascending order of `(layer, head)`." Sorting whole triples in reverse puts equal
scores in descending order.
"""

from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")
    found = []
    for layer, row in enumerate(scores.tolist()):
        for head, score in enumerate(row):
            if score > threshold:
                found.append((score, layer, head))
    found.sort(reverse=True)
    return [(layer, head) for _, layer, head in found]
