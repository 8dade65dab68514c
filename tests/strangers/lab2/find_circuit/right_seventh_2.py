# RIGHT: stable sort of the flat tensor, growing with for/else, pruning a set
# %%
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


# %%
class _Rule:
    def __init__(self, evaluate, target):
        self.evaluate, self.target = evaluate, target

    def enough(self, heads):
        return self.evaluate([(int(layer), int(head)) for layer, head in heads]) >= self.target

    def grow(self, order):
        for size in range(len(order) + 1):
            if self.enough(order[:size]):
                return order[:size]
        raise ValueError("all heads together, and all before, are not enough")

    def prune(self, grown):
        kept = set(grown)
        for head in grown[::-1]:
            if self.enough(sorted(kept - {head})):
                kept.remove(head)
        return kept


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
    flat = torch.sort(effects.detach().abs().flatten(), descending=True, stable=True).indices
    order = [divmod(place, effects.shape[1]) for place in flat.tolist()]
    rule = _Rule(evaluate, target)
    return sorted(rule.prune(rule.grow(order)))


