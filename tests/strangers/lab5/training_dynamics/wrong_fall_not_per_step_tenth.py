# WRONG: compares the changes between checkpoints without dividing by the number of steps between them; promised: 'So compare the change *per step*'
# Generated from solutions/lab5/training_dynamics.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # When does a head learn its job?
#
# At the end of Lab 3 you saw a model learn to repeat. Now measure *when* it learns this. The course ships **twins**:
# two small models of attention alone, one with one layer and one with two, that saw nothing but random bytes that
# repeat. Their weights were saved at many steps, and no attention was supervised.
#
# You get three curves over these **checkpoints**: the loss on the first half of repeated bytes, the loss on the second
# half, and the induction score of every head. Three questions, each with one number for an answer:
#
# 1. **When do the scores rise?** Take the best head at each checkpoint. Find the step at which this curve first
#    reaches a level $\theta$. Between two checkpoints draw a straight line. If checkpoint $i$ is the first at or above
#    the level,
#
#    $$t = t_{i-1} + \frac{\theta - s_{i-1}}{s_i - s_{i-1}}\,(t_i - t_{i-1})$$
#
# 2. **When does the loss fall fastest?** Checkpoints are not evenly spaced. So compare the change *per step*,
#    $(\ell_{i+1} - \ell_i) / (t_{i+1} - t_i)$, and name the two checkpoints around the steepest fall.
# 3. **How large is the bump?** While a model learns one thing, it may get worse at another. The bump of a loss is the
#    largest height above the lowest value *so far*, $\max_i\, (\ell_i - \min_{j \le i} \ell_j)$.
#
# **A small example.** The steps are 0, 100, 150. The best scores are 0, 0.25, 0.75. With $\theta = 0.5$ the rise is
# half of the way from 100 to 150, so $t = 125$. The losses of the second half are 6, 5, 4: the falls per step are
# 1/100 and 1/50, so the steepest fall lies between 100 and 150. The losses of the first half are 6, 5.75, 6: the bump
# is $6 - 5.75 = 0.25$, at step 150.
#
# **Shapes.** Every curve has the axis `checkpoint`; `induction` is `[checkpoint, layer, head]`.
#
# Sources: Olsson et al. 2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895), argument 1
# (the phase change and its bump); Nanda et al. 2023, [Progress measures for grokking via mechanistic
# interpretability](https://arxiv.org/abs/2301.05217) (following a mechanism through training).

# %%
import itertools
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


# %%
def rise_step(steps: Sequence[int], scores: Float[Tensor, " checkpoint"], level: float) -> float | None:
    """Find the step at which a curve first reaches a level, on a straight line between checkpoints.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895, argument 1.

    Args:
        steps: the training step of each checkpoint, rising.
        scores: the curve, shape `[checkpoint]`.
        level: what counts as reached: a score at the level or above. (Where rounding decides, either is right.)

    Returns:
        The step; the first checkpoint's own step if the curve begins at the level or above; None if it never gets
        there.

    """
    curve = [float(score) for score in scores]
    for i, score in enumerate(curve):
        if score < level:
            continue
        if i == 0:
            return float(steps[0])
        part = (level - curve[i - 1]) / (score - curve[i - 1])
        return float(steps[i - 1] + part * (steps[i] - steps[i - 1]))
    return None


def steepest_fall(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, int] | None:
    """Find the neighbouring checkpoints between which a loss falls most per step.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895, argument 1.

    Args:
        steps: the training step of each checkpoint, rising.
        losses: the curve, shape `[checkpoint]`.

    Returns:
        The steps of the two checkpoints, the first such pair of several equal ones; None if the loss never falls.

    """
    curve = [float(loss) for loss in losses]
    steepest, around = 0.0, None
    for (t, before), (u, after) in itertools.pairwise(zip(steps, curve, strict=True)):
        slope = after - before
        if slope < steepest:
            steepest, around = slope, (int(t), int(u))
    return around


def loss_bump(steps: Sequence[int], losses: Float[Tensor, " checkpoint"]) -> tuple[int, float]:
    """Measure how far a loss climbs above its lowest value so far.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895, argument 1.

    Args:
        steps: the training step of each checkpoint, rising.
        losses: the curve, shape `[checkpoint]`.

    Returns:
        The step at which the loss is highest above its lowest value so far (the first such step), and this height. The
        height is 0 if the loss never rises.

    """
    curve = [float(loss) for loss in losses]
    lowest = list(itertools.accumulate(curve, min))
    heights = [loss - low for loss, low in zip(curve, lowest, strict=True)]
    highest = max(heights)
    return int(steps[heights.index(highest)]), highest


def training_dynamics(
    steps: Sequence[int],
    first_loss: Float[Tensor, " checkpoint"],
    second_loss: Float[Tensor, " checkpoint"],
    induction: Float[Tensor, "checkpoint layer head"],
    level: float,
) -> dict[str, Any]:
    """Say when induction comes, when the loss on repeats falls, and how large the bump of the other loss is.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895, argument 1.

    Args:
        steps: the training step of each checkpoint.
        first_loss: the loss on the first half of repeated tokens, shape `[checkpoint]`.
        second_loss: the loss on the second half, shape `[checkpoint]`.
        induction: the induction score of every head, shape `[checkpoint, layer, head]`.
        level: what counts as an induction head.

    Returns:
        `rise`: the step at which the best head of each checkpoint reaches the level, or None; `fall`: the checkpoints
        around the steepest fall of the second half's loss, or None; `bump`: the step and the height of the first half's bump.

    Raises:
        ValueError: fewer than two checkpoints, or steps that do not rise from each to the next.

    """
    if len(steps) < 2:
        raise ValueError("there must be at least two checkpoints")
    if not all(later > earlier for earlier, later in itertools.pairwise(steps)):
        raise ValueError("the steps do not rise from each to the next")
    best = induction.flatten(1).max(dim=1).values
    return {
        "rise": rise_step(steps, best, level),
        "fall": steepest_fall(steps, second_loss),
        "bump": loss_bump(steps, first_loss),
    }


# %% [markdown]
# **Look at it.** Both twins, measured at every checkpoint that ships with the course (this takes a minute or two).

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import plots

    from interp.twin_card import TWINS_DIR, measure_run
    from interp.twins import FOLDERS

    for layers, folder in FOLDERS.items():
        run = measure_run(TWINS_DIR / folder)
        steps = [each.step for each in run]
        first, second = (torch.tensor([getattr(each, half) for each in run]) for half in ("first", "second"))
        scores = torch.tensor([each.induction for each in run])
        found = training_dynamics(steps, first, second, scores, level=0.4)
        print(f"{folder}: induction rises at {found['rise']}, the loss falls fastest between {found['fall']}")
        print(f"  the first half's loss has a bump of {found['bump'][1]:.2f} nats at step {found['bump'][0]}")
        shown = [place for place, step in enumerate(steps) if step <= 500]
        if layers == 2:
            plots.lines(
                {
                    "loss, first half": first[shown].tolist(),
                    "loss, second half": second[shown].tolist(),
                    "best induction score, times 6": (6 * scores.amax(dim=(1, 2)))[shown].tolist(),
                },
                x=[steps[place] for place in shown],
                xlabel="training step",
                ylabel="loss (nats)",
                title="The two-layer twin learns induction",
                save="attention_patterns/training_dynamics",
            )
