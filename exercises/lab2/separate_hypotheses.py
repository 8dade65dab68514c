# Generated from solutions/lab2/separate_hypotheses.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Separating two hypotheses
#
# One head of the course model, L1H2, looks from END at the giver: in "When John and Mary went to the store, *John* gave
# a bottle to" it looks at the second " John". Why there? Two hypotheses fit all your prompts so far:
#
# - **Repetition.** The head looks at a name that comes for the second time.
# - **Giver.** The head looks at the giver's place, and it does not matter who gives.
#
# In all your prompts the giver was named before, so both hypotheses predict the same. More prompts of this kind will
# never decide. You need an experiment in which the hypotheses predict *different* things. In this exercise you design
# it, in three steps: predict, build prompts, decide.
#
# A prompt is a tuple of names, one for each slot of a template. The last slot is the giver's. For
# "When {A} and {B} went to the store, {S} gave a bottle to", the prompt `("John", "Mary", "John")` has John in slot 0,
# Mary in slot 1, and John as the giver in slot 2.
#
# **1. Predict.** For a prompt, each hypothesis names the slot at which the head should look:
#
# - repetition: the last slot whose name stands in an earlier slot, too. If no name comes twice, the hypothesis names no
#   slot: `None`;
# - giver: the last slot.
#
# **A small example.**
#
# | prompt | repetition | giver |
# |---|---|---|
# | `("John", "Mary", "John")` | 2 | 2 |
# | `("John", "Mary", "Anna")` | `None` | 2 |
# | `("John", "John", "Anna")` | 1 | 2 |
#
# The first prompt cannot decide, and the other two can.
#
# **2. Build prompts.** Build pairs of a **control** and a **test**, from names that you are given. A good design keeps
# these rules:
#
# - In a control both hypotheses name the giver's slot. The control shows that the head does look there.
# - In a test the giver's slot is named by *giver* and not by *repetition*.
# - The control and the test of a pair differ in one slot. Otherwise you do not know which change made the difference.
# - The givers are balanced: each name gives in as many tests as controls. Suppose a head likes the name John. If John
#   gives in the controls only, the attention falls in the tests, and it looks like *repetition*.
# - Each of the names gives in at least one test. Then the result does not depend on one name.
#
# **3. Decide.** Let $c$ be the mean attention to the giver's slot over all controls, and $t$ over all tests. The share
# that is **kept** is $t / c$. *Repetition* predicts that nearly nothing is kept, and *giver* that nearly all is kept.
# Choose the bounds *before* you look at the result:
#
# | what you measure | verdict |
# |---|---|
# | $c < 0.5$ | `"no effect"`: the head does not look at the giver, so there is nothing to explain, and no share |
# | $c \ge 0.5$ and kept $\ge 0.75$ | `"giver"` |
# | $c \ge 0.5$ and kept $\le 0.25$ | `"repetition"` |
# | all other cases | `"neither"` |
#
# For example, $c = 0.8$ and $t = 0.2$ keep 0.25, and the verdict is `"repetition"`. With $t = 0.4$ half is kept, and
# the verdict is `"neither"`: both hypotheses are wrong about this head.
#
# Platt (1964, [Strong Inference](https://doi.org/10.1126/science.146.3642.347)) describes this way to work: write down
# more than one hypothesis, and design the experiment that can exclude one of them.

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
    raise NotImplementedError("predicted_slots: not written yet")


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
    raise NotImplementedError("separating_pairs: not written yet")


def decide(control: Float[Tensor, " pair"], test: Float[Tensor, " pair"]) -> tuple[float | None, str]:
    """Decide between the hypotheses by the share of the attention that is kept.

    Source: Platt 1964, https://doi.org/10.1126/science.146.3642.347

    Args:
        control: a head's attention from END to the giver in the control of each pair.
        test: the same in the test of each pair.

    Returns:
        The share kept, mean over the tests divided by mean over the controls, as a Python float; and the verdict:
        `"giver"` if the share is at least 0.75, `"repetition"` if it is at most 0.25, else `"neither"`. If the mean over
        the controls is below 0.5, the share is `None` and the verdict is `"no effect"`. A number that meets a bound but
        for rounding may go either way.

    """
    raise NotImplementedError("decide: not written yet")


# %% [markdown]
# **Look at it.** First the predictions: what would a head that follows *repetition* do on your prompts, and what
# would a head that follows *giver* do? Then every head of the model, on the same prompts. Which of the two lines does
# L1H2 look like? Write down your guess before you run it.

# %% tags=["demo"]
if __name__ == "__main__":
    import torch

    from mechgrade.bench import open_bench, plots

    from interp.hypotheses import DEMO_NAMES, TEMPLATE, attention_to_giver

    bench = open_bench()
    pairs = separating_pairs(DEMO_NAMES)
    controls, tests = ([pair[place] for pair in pairs] for place in (0, 1))
    for kind, prompt in zip(("control", "test"), pairs[0], strict=True):
        print(f"{kind:8}", TEMPLATE.format(A=prompt[0], B=prompt[1], S=prompt[2]), predicted_slots(prompt))
    rows = {
        f"predicted: {name}": [
            sum(predicted_slots(prompt)[name] == 2 for prompt in prompts) / len(prompts)
            for prompts in (controls, tests)
        ]
        for name in ("repetition", "giver")
    }
    control, test = (attention_to_giver(bench.model, TEMPLATE, prompts) for prompts in (controls, tests))
    for layer in range(bench.n_layers):
        for head in range(bench.n_heads):
            both = control[:, layer, head], test[:, layer, head]
            rows[f"L{layer}H{head}"] = [each.mean().item() for each in both]
            kept, verdict = decide(*both)
            if kept is not None:
                print(f"L{layer}H{head}: kept {kept:.2f}, so the verdict is {verdict!r}")
    plots.heatmap(
        torch.tensor(list(rows.values())),
        x=["control", "test"],
        y=list(rows),
        xlabel="prompts",
        ylabel="head",
        title="Who looks at a new giver?",
        value="attention to the giver",
        save="patching_results/separate_hypotheses",
    )
