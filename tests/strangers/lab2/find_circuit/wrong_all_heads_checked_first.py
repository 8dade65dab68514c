# WRONG: gives up at once when all heads together are not enough; promised: 'A smaller set that comes before may be enough where all heads together are not.'
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def find_circuit(
    effects: Float[Tensor, "layer head"], evaluate: Callable[[list[tuple[int, int]]], float], target: float
) -> list[tuple[int, int]]:
    """Grow by the magnitude of the effects, then prune."""
    n_heads = effects.shape[1]
    order = torch.sort(effects.detach().abs().flatten(), descending=True, stable=True).indices
    waiting = [divmod(place, n_heads) for place in order.tolist()]
    circuit: list[tuple[int, int]] = []
    if evaluate(list(waiting)) < target:
        raise ValueError("not even all heads together are enough")
    while not evaluate(list(circuit)) >= target:
        if not waiting:
            raise ValueError("not even all heads together are enough")
        circuit.append(waiting.pop(0))
    place = len(circuit)
    while place > 0:  # from the weakest to the strongest
        place -= 1
        without = circuit[:place] + circuit[place + 1 :]
        if evaluate(list(without)) >= target:
            circuit = without
    return sorted(circuit)
