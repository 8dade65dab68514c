"""Broken: "heads with a score strictly above it are listed." A head that scores exactly the threshold is listed."""

from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")
    found = []
    for layer, row in enumerate(scores.tolist()):
        for head, score in enumerate(row):
            if score >= threshold:
                found.append((score, layer, head))
    found.sort(key=lambda item: (-item[0], item[1], item[2]))
    return [(layer, head) for _, layer, head in found]
