import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

Head = tuple[int, int]  # layer, head
Metric = Callable[[Collection[Head]], float]  # of a list, a tuple or a set of heads


def patching_shares(denoised: Metric, noised: Metric, heads: Sequence[Head]) -> tuple[float, float]:
    low, high = denoised(()), noised(())
    if low == high:
        raise ValueError("clean and corrupted run have the same metric")
    chosen = set(heads)
    return (denoised(chosen) - low) / (high - low), (noised(chosen) - high) / (low - high)


def incompleteness(only: Metric, model: Sequence[Head], circuit: Sequence[Head], most: int) -> tuple[float, list[Head]]:
    known = frozenset(model)
    if frozenset(circuit) - known:
        raise ValueError("the circuit is not a part of the model")
    parts = frozenset(circuit)
    candidates = itertools.chain.from_iterable(
        itertools.combinations(sorted(parts), size) for size in range(max(0, min(most, len(parts))) + 1)
    )
    gaps = {gone: abs(only(sorted(parts.difference(gone))) - only(sorted(known.difference(gone)))) for gone in candidates}
    widest = max(gaps, key=gaps.__getitem__)  # the first of several; they come by size
    return gaps[widest], list(widest)


def backup(
    before: Float[Tensor, "component prompt"],
    after: Float[Tensor, "component prompt"],
    scale_before: Float[Tensor, " prompt"],
    scale_after: Float[Tensor, " prompt"],
    removed: Sequence[int],
) -> dict[str, Any]:
    taken = torch.zeros(len(before), dtype=torch.bool, device=before.device)
    for place in removed:
        taken[place] = True
    ones = torch.ones_like(scale_before) / len(scale_before)
    inverse, inverse_after = scale_before.reciprocal(), scale_after.reciprocal()
    change = torch.einsum("cp->c", after / scale_after - before / scale_before) / len(scale_before)
    rewritten = torch.einsum("cp,p,p->c", after - before, inverse_after, ones)
    rescaled = torch.einsum("cp,p,p->c", before, inverse_after - inverse, ones)
    lost = float(-change[taken].sum())
    rescaled, rewritten = (each.masked_fill(taken, 0.0) for each in (rescaled, rewritten))
    share = float(torch.stack([rescaled, rewritten]).sum()) / lost if lost != 0 else None
    return {"lost": lost, "rescaled": rescaled, "rewritten": rewritten, "share": share}
