# Breaks: `each name gives in as many tests as controls` (three names in a row, without going round: the first two names never give in a test)
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
    for first, second, third in zip(names, names[1:], names[2:]):
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
