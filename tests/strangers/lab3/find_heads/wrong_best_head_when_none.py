"""Broken: "Empty when no head is above the threshold." Then the best head is given all the same."""

import torch
from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")
    layers, heads = torch.nonzero(scores > threshold, as_tuple=True)
    if not len(layers) and scores.numel():
        return [divmod(int(scores.argmax()), scores.shape[1])]
    order = torch.argsort(scores[layers, heads], descending=True, stable=True)
    return list(zip(layers[order].tolist(), heads[order].tolist(), strict=True))
