import itertools
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

Prompt = tuple[str, ...]


def predicted_slots(prompt: Prompt) -> dict[str, int | None]:
    again = [slot for slot in range(len(prompt)) if len(set(prompt[:slot])) == len(set(prompt[: slot + 1]))]
    return {"repetition": max(again, default=None), "giver": len(prompt) - 1}


def separating_pairs(names: Sequence[str]) -> list[tuple[Prompt, Prompt]]:
    if len(names) <= 2:
        raise ValueError("too few names")
    pairs: list[tuple[Prompt, Prompt]] = []
    for a, b, c in itertools.permutations(names, 3):
        pairs.append(((a, b, a), (a, b, c)))
        pairs.append(((a, b, b), (a, c, b)))
    return pairs


def decide(control: Float[Tensor, " pair"], test: Float[Tensor, " pair"]) -> tuple[float | None, str]:
    seen, kept_by_test = float(control.mean()), float(test.mean())
    if not seen >= 0.5:
        return None, "no effect"
    share = kept_by_test / seen
    for holds, verdict in ((share >= 0.75, "giver"), (share <= 0.25, "repetition")):
        if holds:
            return share, verdict
    return share, "neither"
