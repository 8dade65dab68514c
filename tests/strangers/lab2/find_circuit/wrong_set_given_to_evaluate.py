"""Breaks "evaluate: takes a list of heads": it is given a set."""

from itertools import accumulate
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from torch import Tensor


def find_circuit(
    effects: Float[Tensor, "layer head"], evaluate: Callable[[list[tuple[int, int]]], float], target: float
) -> list[tuple[int, int]]:
    magnitude = np.abs(effects.detach().cpu().double().numpy())
    layer, head = np.indices(magnitude.shape)
    order = np.lexsort((head.ravel(), layer.ravel(), -magnitude.ravel()))
    ranked = [(int(layer.flat[at]), int(head.flat[at])) for at in order]
    prefixes = accumulate(ranked, lambda before, pair: [*before, pair], initial=[])
    grown = next((prefix for prefix in prefixes if evaluate({*prefix}) >= target), None)
    if grown is None:
        raise ValueError("all heads together are not enough")
    needed = set(grown)
    for pair in grown[::-1]:
        if evaluate(needed - {pair}) >= target:
            needed.remove(pair)
    return sorted(needed)
