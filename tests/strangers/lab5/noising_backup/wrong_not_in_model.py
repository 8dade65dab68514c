# WRONG: heads of the circuit that are not in the model are not refused; promised: 'a head of the circuit is not in the model'
import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

Head = tuple[int, int]  # layer, head
Metric = Callable[[Collection[Head]], float]  # of a list, a tuple or a set of heads


def patching_shares(denoised: Metric, noised: Metric, heads: Sequence[Head]) -> tuple[float, float]:
    """Give the share of the metric that a set of heads brings back, and the share that is lost with it."""
    corrupted = denoised([])
    clean = noised([])
    if clean == corrupted:
        raise ValueError("clean and corrupted are the same")
    back = (denoised(heads) - corrupted) / (clean - corrupted)
    lost = (clean - noised(heads)) / (clean - corrupted)
    return back, lost


def incompleteness(only: Metric, model: Sequence[Head], circuit: Sequence[Head], most: int) -> tuple[float, list[Head]]:
    """Find the small set of heads without which circuit and model differ most."""
    best, culprits = -1.0, []
    for size in range(min(most, len(circuit)) + 1):
        for K in itertools.combinations(circuit, size):
            without = only([head for head in circuit if head not in K])
            whole = only([head for head in model if head not in K])
            gap = abs(without - whole)
            if gap > best:
                best, culprits = gap, sorted(K)
    return best, culprits


def backup(
    before: Float[Tensor, "component prompt"],
    after: Float[Tensor, "component prompt"],
    scale_before: Float[Tensor, " prompt"],
    scale_after: Float[Tensor, " prompt"],
    removed: Sequence[int],
) -> dict[str, Any]:
    """Split what the other components gain in direct effect into rescaling and rewriting."""
    removed = list(removed)
    lost = (before / scale_before - after / scale_after)[removed].sum(dim=0).mean().item()
    rescaled = (before * (1 / scale_after - 1 / scale_before)).mean(dim=1)
    rewritten = ((after - before) / scale_after).mean(dim=1)
    rescaled[removed] = 0
    rewritten[removed] = 0
    share = None if lost == 0 else ((rescaled + rewritten).sum() / lost).item()
    return {"lost": lost, "rescaled": rescaled, "rewritten": rewritten, "share": share}
