import math
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

Prompt = tuple[str, ...]


def predicted_slots(prompt: Prompt) -> dict[str, int | None]:
    last = len(prompt) - 1
    slot = last
    while slot > 0 and prompt.index(prompt[slot]) == slot:
        slot -= 1
    return {"repetition": slot if slot > 0 else None, "giver": last}


def separating_pairs(names: Sequence[str]) -> list[tuple[Prompt, Prompt]]:
    if len(names) < 3:
        raise ValueError(f"{len(names)} names are too few")
    names = list(names)
    turned, twice = names[1:] + names[:1], names[2:] + names[:2]
    # the giver stays; the slot in which the name came before gets another name
    return [((a, b, b), (a, c, b)) for a, b, c in zip(names, turned, twice)]


def decide(control: Float[Tensor, " pair"], test: Float[Tensor, " pair"]) -> tuple[float | None, str]:
    controls, tests = control.tolist(), test.tolist()
    before = math.fsum(controls) / len(controls)
    after = math.fsum(tests) / len(tests)
    if before < 0.5:
        return (None, "no effect")
    share = after / before
    verdict = "giver" if share >= 0.75 else "repetition" if share <= 0.25 else "neither"
    return (share, verdict)
