"""Broken: "A list of tuples `(layer, head)`" The flat index is divided by the number of layers and not by the number
of heads.
"""

from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")
    flat = scores.flatten()
    order = flat.argsort(descending=True, stable=True)
    return [divmod(int(i), len(scores)) for i in order if flat[i] > threshold]
