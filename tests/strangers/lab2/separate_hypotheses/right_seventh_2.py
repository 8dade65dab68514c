# RIGHT: the giver changes, givers balanced by a rotation; other order of slots; float64 means
# %%
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

Prompt = tuple[str, ...]


# %%
_BOUNDS = (("giver", lambda kept: kept >= 0.75), ("repetition", lambda kept: kept <= 0.25))


def predicted_slots(prompt: Prompt) -> dict[str, int | None]:
    """Say at which slot the head should look, by each hypothesis.

    Source: after Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 3.

    Args:
        prompt: the names in the slots, two or more; the last one is the giver.

    Returns:
        `"repetition"`: the last slot whose name stands in an earlier slot, or `None` if no name comes twice;
        `"giver"`: the last slot. Slots are counted from 0.

    """
    answer: dict[str, int | None] = {"repetition": None, "giver": len(prompt) - 1}
    for slot in range(len(prompt) - 1, 0, -1):
        if prompt.index(prompt[slot]) < slot:
            answer["repetition"] = slot
            break
    return answer


def separating_pairs(names: Sequence[str]) -> list[tuple[Prompt, Prompt]]:
    """Design prompts on which the two hypotheses predict different things, with controls.

    Source: Platt 1964, https://doi.org/10.1126/science.146.3642.347

    Args:
        names: different names, three or more.

    Returns:
        Pairs (control, test) of prompts with three slots, made of the given names. In a control both hypotheses name the
        giver's slot, in a test only *giver* does. The two prompts of a pair differ in one slot. Over all pairs, each
        name gives in as many tests as controls, and in at least one.

    Raises:
        ValueError: there are fewer than three names.

    """
    names = tuple(names)
    if not names[2:]:
        raise ValueError(f"{len(names)} names are too few")
    rotated = zip(names, names[1:] + names[:1], names[2:] + names[:2])
    return [((other, giver, giver), (other, giver, new)) for giver, other, new in rotated]


def decide(control: Float[Tensor, " pair"], test: Float[Tensor, " pair"]) -> tuple[float | None, str]:
    """Decide between the hypotheses by the share of the attention that is kept.

    Source: Platt 1964, https://doi.org/10.1126/science.146.3642.347

    Args:
        control: a head's attention from END to the giver in the control of each pair.
        test: the same in the test of each pair.

    Returns:
        The share kept, mean over the tests divided by mean over the controls, as a Python float; and the verdict:
        `"giver"` if the share is at least 0.75, `"repetition"` if it is at most 0.25, else `"neither"`. If the mean over
        the controls is below 0.5, the share is `None` and the verdict is `"no effect"`.

    """
    looks = float(control.double().mean())
    if looks < 0.5:
        return (None, "no effect")
    kept = float(test.double().mean()) / looks
    for verdict, holds in _BOUNDS:
        if holds(kept):
            return (kept, verdict)
    return (kept, "neither")


