"""Breaks "Raises ValueError: all heads together are not enough": it is raised also when all are needed and enough,
since the set with the last head is never tried."""

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
    for pair in order:
        if evaluate(list(circuit)) >= target:
            break
        circuit.append(pair)
    else:
        raise ValueError("all heads together are not enough")
    for pair in reversed(list(circuit)):
        rest = [other for other in circuit if other != pair]
        if evaluate(list(rest)) >= target:
            circuit = rest
    return sorted(circuit)
