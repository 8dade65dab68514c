"""Takes heads from a heap, and prunes with a recursive helper."""

import heapq
from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor


def find_circuit(
    effects: Float[Tensor, "layer head"], evaluate: Callable[[list[tuple[int, int]]], float], target: float
) -> list[tuple[int, int]]:
    waiting = [(-abs(value), (i, j)) for i, row in enumerate(effects.tolist()) for j, value in enumerate(row)]
    heapq.heapify(waiting)
    taken: list[tuple[int, int]] = []
    while not evaluate(taken.copy()) >= target:
        if not waiting:
            raise ValueError("not even all heads are enough")
        taken.append(heapq.heappop(waiting)[1])

    def prune(circuit, candidates):
        if not candidates:
            return circuit
        *stronger, weakest = candidates
        without = [head for head in circuit if head != weakest]
        return prune(without if evaluate(without.copy()) >= target else circuit, stronger)

    return sorted(prune(taken, taken))
