# WRONG: heads with effect 0 never get a turn; promised: 'A head with effect 0 has the smallest magnitude, and its turn comes too.'
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
    waiting = [divmod(place, n_heads) for place in order.tolist() if effects.flatten()[place] != 0]
    circuit: list[tuple[int, int]] = []
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
