"""Breaks "Grown in the order of falling magnitude ... until it is enough": the size is found by bisection, which is
right only if more heads are never worse."""

from bisect import bisect_left
from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor


def find_circuit(
    effects: Float[Tensor, "layer head"], evaluate: Callable[[list[tuple[int, int]]], float], target: float
) -> list[tuple[int, int]]:
    layers, heads = effects.shape
    pairs = [(layer, head) for layer in range(layers) for head in range(heads)]
    order = sorted(pairs, key=lambda pair: (-abs(effects[pair].item()), pair[0], pair[1]))
    sizes = range(len(order) + 1)
    size = bisect_left(sizes, True, key=lambda number: evaluate(order[:number]) >= target)
    if size > len(order):
        raise ValueError("all heads together are not enough")
    circuit = order[:size]
    for pair in reversed(list(circuit)):
        rest = [other for other in circuit if other != pair]
        if evaluate(list(rest)) >= target:
            circuit = rest
    return sorted(circuit)
