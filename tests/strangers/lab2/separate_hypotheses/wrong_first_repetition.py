# Breaks: `repetition: the last slot whose name stands in an earlier slot, too` (the first such slot)
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

Prompt = tuple[str, ...]


def predicted_slots(prompt: Prompt) -> dict[str, int | None]:
    repetition = None
    for slot, name in enumerate(prompt):
        if name in prompt[:slot]:
            repetition = slot
            break
    return {"repetition": repetition, "giver": len(prompt) - 1}


def separating_pairs(names: Sequence[str]) -> list[tuple[Prompt, Prompt]]:
    if len(names) < 3:
        raise ValueError("three names or more")
    pairs = []
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
