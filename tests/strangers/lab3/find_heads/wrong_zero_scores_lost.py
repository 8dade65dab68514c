"""Broken: "Any real numbers, whatever they measure." Scores below the threshold are set to 0 and the rest is found
with nonzero, so a score of exactly 0 is lost.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")
    layers, heads = torch.nonzero(torch.where(scores > threshold, scores, 0), as_tuple=True)
    order = torch.argsort(scores[layers, heads], descending=True, stable=True)
    return list(zip(layers[order].tolist(), heads[order].tolist(), strict=True))
