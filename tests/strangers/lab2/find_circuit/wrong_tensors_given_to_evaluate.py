"""Breaks "evaluate: takes a list of heads, each a pair of integers": the numbers are tensors."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def find_circuit(
    effects: Float[Tensor, "layer head"], evaluate: Callable[[list[tuple[int, int]]], float], target: float
) -> list[tuple[int, int]]:
    order = effects.abs().flatten().argsort(descending=True, stable=True).tolist()
    inside = torch.zeros(effects.numel(), dtype=torch.bool)

    def enough():
        numbers = inside.nonzero().flatten().tolist()
        return evaluate([tuple(torch.tensor(divmod(number, effects.shape[1]))) for number in numbers]) >= target

    size = 0
    while not enough():
        if size == len(order):
            raise ValueError(f"even all {size} heads do not reach {target}")
        inside[order[size]] = True
        size += 1
    for number in order[:size][::-1]:
        inside[number] = False
        if not enough():
            inside[number] = True
    return [divmod(number, effects.shape[1]) for number in inside.nonzero().flatten().tolist()]
