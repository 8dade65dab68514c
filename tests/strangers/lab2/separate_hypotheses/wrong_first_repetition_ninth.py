# WRONG: names the first slot that repeats a name, not the last; promised: '`"repetition"`: the last slot whose name stands in an earlier slot, or `None` if no name comes twice;'
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

Prompt = tuple[str, ...]


def predicted_slots(prompt: Prompt) -> dict[str, int | None]:
    """The slot that each hypothesis names."""
    repeated = None
    seen = set()
    for slot, name in enumerate(prompt):
        if name in seen and repeated is None:
            repeated = slot
        seen.add(name)
    return {"repetition": repeated, "giver": len(prompt) - 1}


def separating_pairs(names: Sequence[str]) -> list[tuple[Prompt, Prompt]]:
    """Controls in which the giver was named before, tests in which another name stands there."""
    names = list(names)
    if len(names) < 3:
        raise ValueError(f"three names are needed, not {len(names)}")
    pairs = []
    for place, giver in enumerate(names):
        other, third = names[place - 1], names[place - 2]
        pairs.append(((giver, other, giver), (third, other, giver)))
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
