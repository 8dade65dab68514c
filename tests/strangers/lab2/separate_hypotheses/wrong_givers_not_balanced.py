# WRONG: the names do not go round, so the first gives in controls only and the last in tests only; the text: "each name gives in as many tests as controls, and in at least one"
# %%
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

Prompt = tuple[str, ...]


# %%
def predicted_slots(prompt: Prompt) -> dict[str, int | None]:
    """Say at which slot the head should look, by each hypothesis.

    Source: after Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 3.

    Args:
        prompt: the names in the slots, two or more; the last one is the giver.

    Returns:
        `"repetition"`: the last slot whose name stands in an earlier slot, or `None` if no name comes twice;
        `"giver"`: the last slot. Slots are counted from 0.

    """
    repeated = [slot for slot, name in enumerate(prompt) if name in prompt[:slot]]
    return {"repetition": repeated[-1] if repeated else None, "giver": len(prompt) - 1}


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
    if len(names) < 3:
        raise ValueError("three names or more are needed")
    pairs = []
    for place in range(len(names) - 2):
        giver, second, third = names[place : place + 3]
        pairs.append(((giver, second, giver), (giver, second, third)))
    return pairs


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
    looks, stays = control.mean().item(), test.mean().item()
    if looks < 0.5:
        return None, "no effect"
    kept = stays / looks
    if kept >= 0.75:
        return kept, "giver"
    if kept <= 0.25:
        return kept, "repetition"
    return kept, "neither"


