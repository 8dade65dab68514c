"""Breaks "The circuit, as pairs of integers (layer, head)": each head is a list."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor


def find_circuit(
    effects: Float[Tensor, "layer head"], evaluate: Callable[[list[tuple[int, int]]], float], target: float
) -> list[tuple[int, int]]:
    layers, heads = effects.shape
    pairs = [(layer, head) for layer in range(layers) for head in range(heads)]
    order = sorted(pairs, key=lambda pair: (-abs(effects[pair].item()), pair[0], pair[1]))
    circuit = []
    while evaluate(list(circuit)) < target:
        if len(circuit) == len(order):
            raise ValueError("all heads together are not enough")
        circuit.append(order[len(circuit)])
    for pair in reversed(list(circuit)):
        rest = [other for other in circuit if other != pair]
        if evaluate(list(rest)) >= target:
            circuit = rest
    return [list(pair) for pair in sorted(circuit)]
