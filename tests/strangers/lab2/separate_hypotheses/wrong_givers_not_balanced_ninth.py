# WRONG: the test changes the giver, and there is no pair for the last two names: some names give in more controls than tests; promised: 'Over all pairs, each name gives in as many tests as controls, and in at least one.'
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

Prompt = tuple[str, ...]


def predicted_slots(prompt: Prompt) -> dict[str, int | None]:
    """The slot that each hypothesis names."""
    repeated = None
    seen = set()
    for slot, name in enumerate(prompt):
        if name in seen:
            repeated = slot
        seen.add(name)
    return {"repetition": repeated, "giver": len(prompt) - 1}


def separating_pairs(names: Sequence[str]) -> list[tuple[Prompt, Prompt]]:
    """Controls in which the giver was named before, tests in which another name stands there."""
    names = list(names)
    if len(names) < 3:
        raise ValueError(f"three names are needed, not {len(names)}")
    pairs = []
    for giver, other, third in zip(names, names[1:], names[2:]):
        pairs.append(((giver, other, giver), (giver, other, third)))
    return pairs


def decide(control: Float[Tensor, " pair"], test: Float[Tensor, " pair"]) -> tuple[float | None, str]:
    """The share of attention that is kept, and the verdict."""
    before, after = control.double().mean().item(), test.double().mean().item()
    if before < 0.5:
        return None, "no effect"
    kept = after / before
    if kept >= 0.75:
        return kept, "giver"
    return kept, "repetition" if kept <= 0.25 else "neither"
