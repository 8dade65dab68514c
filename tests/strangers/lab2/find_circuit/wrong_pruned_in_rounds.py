# WRONG: prunes again and again until nothing changes; the text: "Each head is tried once"
# %%
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


# %%
def find_circuit(
    effects: Float[Tensor, "layer head"], evaluate: Callable[[list[tuple[int, int]]], float], target: float
) -> list[tuple[int, int]]:
    """Find a small set of heads that is enough: grow by the magnitude of effects, then prune.

    Source: after Wang et al. 2022, https://arxiv.org/abs/2211.00593 (faithfulness and minimality)

    Args:
        effects: what each head does to the metric, `[layer, head]`, of either sign.
        evaluate: takes a list of heads, each a tuple (layer, head) of two Python integers, in any order and perhaps
            empty, and gives a number; the larger, the better these heads alone do the job. More heads can be worse.
        target: what is enough: a set of heads with `evaluate(heads) >= target`.

    Returns:
        The circuit, a list of tuples (layer, head) of Python integers, sorted by layer and then head. Grown in the order
        of falling magnitude (among equals: earlier layer, then lower head number) until it is enough, which may be at
        once, with no head at all; then, from the weakest to the strongest, each head is dropped without which it is
        still enough. Each head is tried once. A head with effect 0 has the smallest magnitude, and its turn comes too.

    Raises:
        ValueError: the order ends and no set was enough, not even all heads together. A smaller set that comes before may
            be enough where all heads together are not.

    """
    n_layers, n_heads = effects.shape
    size = effects.abs().tolist()
    everyone = [(layer, head) for layer in range(n_layers) for head in range(n_heads)]
    order = sorted(everyone, key=lambda place: (-size[place[0]][place[1]], place[0], place[1]))
    circuit = []
    while evaluate(list(circuit)) < target:
        if len(circuit) == len(order):
            raise ValueError("no set of heads is enough")
        circuit.append(order[len(circuit)])
    changed = True
    while changed:
        changed = False
        for head in list(reversed(circuit)):
            rest = [other for other in circuit if other != head]
            if evaluate(list(rest)) >= target:
                circuit = rest
                changed = True
    return sorted(circuit)


