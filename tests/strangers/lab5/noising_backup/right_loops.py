import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

Head = tuple[int, int]  # layer, head
Metric = Callable[[Collection[Head]], float]  # of a list, a tuple or a set of heads


def patching_shares(denoised: Metric, noised: Metric, heads: Sequence[Head]) -> tuple[float, float]:
    nobody: list[Head] = []
    m_corr = denoised(nobody)
    m_clean = noised(nobody)
    if m_clean - m_corr == 0:
        raise ValueError("nothing to share")
    everybody = tuple(heads)
    back = (denoised(everybody) - m_corr) / (m_clean - m_corr)
    lost = (m_clean - noised(everybody)) / (m_clean - m_corr)
    return float(back), float(lost)


def incompleteness(only: Metric, model: Sequence[Head], circuit: Sequence[Head], most: int) -> tuple[float, list[Head]]:
    for head in circuit:
        if head not in model:
            raise ValueError(f"{head} is not in the model")
    parts = sorted(set(circuit))
    found = []
    for bits in range(2 ** len(parts)):
        gone = [head for place, head in enumerate(parts) if bits >> place & 1]
        if len(gone) <= most or not gone:
            gap = abs(only(set(parts) - set(gone)) - only(set(model) - set(gone)))
            found.append((gap, -len(gone), gone))
    gap, _, gone = max(found, key=lambda each: each[:2])
    return float(gap), gone


def backup(
    before: Float[Tensor, "component prompt"],
    after: Float[Tensor, "component prompt"],
    scale_before: Float[Tensor, " prompt"],
    scale_after: Float[Tensor, " prompt"],
    removed: Sequence[int],
) -> dict[str, Any]:
    n_components, n_prompts = before.shape
    gone = {int(place) for place in removed}
    lost, gained = 0.0, 0.0
    rescaled, rewritten = [0.0] * n_components, [0.0] * n_components
    for c in range(n_components):
        for p in range(n_prompts):
            w, w2 = float(before[c, p]), float(after[c, p])
            s, s2 = float(scale_before[p]), float(scale_after[p])
            if c in gone:
                lost += (w / s - w2 / s2) / n_prompts
            else:
                rescaled[c] += w * (1 / s2 - 1 / s) / n_prompts
                rewritten[c] += (w2 - w) / s2 / n_prompts
        gained += rescaled[c] + rewritten[c]
    return {
        "lost": lost,
        "rescaled": torch.tensor(rescaled, dtype=before.dtype, device=before.device),
        "rewritten": torch.tensor(rewritten, dtype=before.dtype, device=before.device),
        "share": None if lost == 0 else gained / lost,
    }
