# Breaks: `Each of the names gives in at least one test.` (only the first three names are used)
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

Prompt = tuple[str, ...]


def predicted_slots(prompt: Prompt) -> dict[str, int | None]:
    repetition = None
    for slot, name in enumerate(prompt):
        if name in prompt[:slot]:
            repetition = slot
    return {"repetition": repetition, "giver": len(prompt) - 1}


def separating_pairs(names: Sequence[str]) -> list[tuple[Prompt, Prompt]]:
    if len(names) < 3:
        raise ValueError("three names or more")
    pairs = []
    names = names[:3]
    for place, first in enumerate(names):
        second = names[(place + 1) % len(names)]
        third = names[(place + 2) % len(names)]
        # the giver changes; going round, each name gives in one control and in one test
        pairs.append(((first, second, first), (first, second, third)))
    return pairs


def decide(control: Float[Tensor, " pair"], test: Float[Tensor, " pair"]) -> tuple[float | None, str]:
    c, t = control.mean().item(), test.mean().item()
    if c < 0.5:
        return None, "no effect"
    kept = t / c
    if kept >= 0.75:
        return kept, "giver"
    if kept <= 0.25:
        return kept, "repetition"
    return kept, "neither"
