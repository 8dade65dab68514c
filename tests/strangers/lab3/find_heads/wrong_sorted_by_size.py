"""Broken: "in descending order of score." Negative scores are ordered by their absolute value."""

import torch
from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")
    layers, heads = torch.nonzero(scores > threshold, as_tuple=True)
    order = torch.argsort(scores[layers, heads].abs(), descending=True, stable=True)
    return list(zip(layers[order].tolist(), heads[order].tolist(), strict=True))
