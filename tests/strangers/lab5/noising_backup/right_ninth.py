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
    nobody: list[Head] = []
    corrupted, clean = float(denoised(nobody)), float(noised(nobody))
    if corrupted == clean:
        raise ValueError(f"the metric is {clean} in both runs: there is nothing to share")
    width = clean - corrupted
    return (float(denoised(tuple(heads))) - corrupted) / width, (clean - float(noised(tuple(heads)))) / width


def incompleteness(only: Metric, model: Sequence[Head], circuit: Sequence[Head], most: int) -> tuple[float, list[Head]]:
    """Find the small set of heads without which circuit and model differ most."""
    strangers = set(circuit) - set(model)
    if strangers:
        raise ValueError(f"not in the model: {sorted(strangers)}")
    members = sorted(set(circuit))
    gaps: list[tuple[float, int, list[Head]]] = []
    for size in range(min(most, len(members)) + 1):
        for taken in itertools.combinations(members, size):
            gone = frozenset(taken)
            small = only([head for head in circuit if head not in gone])
            large = only([head for head in model if head not in gone])
            gaps.append((abs(float(small) - float(large)), -size, list(taken)))
    gap, _, found = max(gaps, key=lambda each: each[:2])
    return gap, found


def backup(
    before: Float[Tensor, "component prompt"],
    after: Float[Tensor, "component prompt"],
    scale_before: Float[Tensor, " prompt"],
    scale_after: Float[Tensor, " prompt"],
    removed: Sequence[int],
) -> dict[str, Any]:
    """Split what the other components gain in direct effect into rescaling and rewriting."""
    gone = torch.zeros(len(before), dtype=torch.bool, device=before.device)
    gone[list(removed)] = True
    inverse, inverse_after = scale_before.reciprocal(), scale_after.reciprocal()
    direct, direct_after = before * inverse, after * inverse_after
    lost = float((direct - direct_after)[gone].sum(dim=0).mean())
    rescaled = (before * (inverse_after - inverse)).mean(dim=1).masked_fill(gone, 0.0)
    rewritten = ((after - before) * inverse_after).mean(dim=1).masked_fill(gone, 0.0)
    gained = float((rescaled + rewritten).sum())
    return {"lost": lost, "rescaled": rescaled, "rewritten": rewritten, "share": gained / lost if lost else None}
