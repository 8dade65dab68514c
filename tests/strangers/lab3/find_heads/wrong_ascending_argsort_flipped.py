"""Broken: "Equal scores are in ascending order of `(layer, head)`." An ascending order is turned round, and equal
scores with it.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")
    layers, heads = torch.nonzero(scores > threshold, as_tuple=True)
    order = torch.argsort(scores[layers, heads], stable=True).flip(0)
    return list(zip(layers[order].tolist(), heads[order].tolist(), strict=True))
