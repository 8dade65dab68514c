# Breaks: `If several sets have the same largest gap, the set is one with the fewest heads.`
import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

Head = tuple[int, int]  # layer, head
Metric = Callable[[Collection[Head]], float]  # of a list, a tuple or a set of heads


def patching_shares(denoised: Metric, noised: Metric, heads: Sequence[Head]) -> tuple[float, float]:
    corrupted, clean = denoised([]), noised([])
    if clean == corrupted:
        raise ValueError("the two runs have the same metric")
    span = clean - corrupted
    return (denoised(heads) - corrupted) / span, (clean - noised(heads)) / span


def incompleteness(only: Metric, model: Sequence[Head], circuit: Sequence[Head], most: int) -> tuple[float, list[Head]]:
    if not set(circuit) <= set(model):
        raise ValueError("a head of the circuit is not in the model")
    best, culprits = -1.0, []
    for size in range(max(most, 0) + 1):
        for gone in itertools.combinations(sorted(set(circuit)), size):
            rest = [head for head in circuit if head not in gone]
            others = [head for head in model if head not in gone]
            gap = abs(only(rest) - only(others))
            if gap >= best:
                best, culprits = gap, sorted(gone)
    return best, culprits


def backup(
    before: Float[Tensor, "component prompt"],
    after: Float[Tensor, "component prompt"],
    scale_before: Float[Tensor, " prompt"],
    scale_after: Float[Tensor, " prompt"],
    removed: Sequence[int],
) -> dict[str, Any]:
    removed = list(removed)
    direct = before / scale_before
    lost = (direct - after / scale_after)[removed].sum(dim=0).mean().item()
    rescaled = (before * (1 / scale_after - 1 / scale_before)).mean(dim=1)
    rewritten = ((after - before) / scale_after).mean(dim=1)
    rescaled[removed] = 0
    rewritten[removed] = 0
    share = None if lost == 0 else (rescaled.sum() + rewritten.sum()).item() / lost
    return {"lost": lost, "rescaled": rescaled, "rewritten": rewritten, "share": share}
