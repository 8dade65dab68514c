"""`mechgrade new`: every file of a new exercise, right in form from the first minute.

The exercise that is written is a small complete one (a mean over positions), because a reference that passes, variants that are
told apart and a grader that rejects are better shown than described. Its author replaces one part after the other.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

import yaml

from mechgrade.authoring.build import write_if_changed
from mechgrade.course import COURSE_FILE, Course, CourseError, load_course

SOURCE = Template('''\
# %% [markdown]
# # $title
#
# Write the idea here: what is measured, and why a learner should want to know. Then the formula in the field's
# notation. For now this exercise takes the mean of a sequence over its positions,
#
# $$$$m_b = \\frac{1}{P} \\sum_{i=1}^{P} x_{b,i}$$$$
#
# **Shapes.** Say what each axis is: `x` is `[batch, pos]`, the result `[batch]`.
#
# Name the paper that it is from.

# %% [markdown] tags=["hint"]
# The first hint points the way and gives nothing away. Which axis has to be gone in the result?

# %% [markdown] tags=["hint"]
# The second may be closer to the line. What does `dim` choose in a reduction?

# %%
from jaxtyping import Float
from torch import Tensor


# %%
def $name(x: Float[Tensor, "batch pos"]) -> Float[Tensor, "batch"]:
    """Average each sequence over its positions.

    Source: name the paper here.

    Args:
        x: shape `[batch, pos]`.

    Returns:
        Shape `[batch]`: the mean over positions.

    """
    ### BEGIN SOLUTION
    return x.mean(dim=1)
    ### END SOLUTION


# %% [markdown]
# **Look at it.** Say what the plot of the learner's own result shows.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    means = $name(bench.normal(4, 10, seed=1))
    plots.bars(
        means,
        x=[str(row) for row in range(4)],
        xlabel="sequence",
        ylabel="mean",
        title="$title",
        save="$lab/$name",
    )

# %% [markdown] tags=["found"]
# **What you found.** What does the result mean, and what does the same show elsewhere (with its source)?
''')

VARIANTS = Template('''\
"""Right and wrong ways of $name: at least two that are right by another road, and four that learners write."""

import torch

from mechgrade.authoring.variants import accepted, misconception


@accepted
def by_loop(x):
    """One sequence after the other."""
    return torch.stack([row.sum() / len(row) for row in x])


@accepted
def by_einsum(x):
    """A contraction, in float64."""
    return (torch.einsum("bp->b", x.double()) / x.shape[1]).to(x.dtype)


@misconception("You average over the batch: the result has an entry for each position, and should have one a sequence.")
def over_the_batch(x):
    return x.mean(dim=0)


@misconception("You sum where the definition takes the mean, so that your numbers grow with the length.")
def summed(x):
    return x.sum(dim=1)


@misconception("You take one position where the definition takes the mean over all of them.")
def last_position(x):
    return x[:, -1]


@misconception("You average over everything, so that the sequences can no longer be told apart.")
def over_everything(x):
    return x.mean()
''')

GRADER = Template('''\
"""Grader of `$name`."""

import numpy as np
import pytest


def on_random_numbers(exercise, bench, *, batch, pos, seed):
    return exercise.$name(bench.normal(batch, pos, seed=seed))


def on_known_numbers(exercise, bench, *, batch, pos):
    """Sequences 1, 2, ..., whose mean is known, in the first row; twice that in the second, and so on."""
    import torch

    x = torch.arange(1, pos + 1, dtype=bench.dtype, device=bench.device)
    return exercise.$name(torch.stack([x * (row + 1) for row in range(batch)]))


@pytest.mark.points($most)
def test_on_random_numbers(compare, seed):
    """Random numbers, in several asymmetric shapes."""
    for batch, pos in [(3, 7), (5, 2), (2, 11)]:
        compare(on_random_numbers, batch=batch, pos=pos, seed=seed)


@pytest.mark.points(1)
def test_on_known_numbers(compare):
    """The numbers from 1 on: their mean is known."""
    means = compare(on_known_numbers, batch=3, pos=5)
    assert np.allclose(means, [3, 6, 9]), "the rows are 1 to 5, twice that and three times that: their means are 3, 6, 9"
''')


def scaffold(course: Course, lab: str, name: str, title: str, points: int, minutes: int) -> tuple[Course, list[Path]]:
    """Write course.yaml's line, source, variants and grader of a new exercise.

    Args:
        course: the course to add it to.
        lab: a lab of it.
        name: the exercise's and its function's name.
        title: what learners read.
        points: at least 2, so that both checks are worth something.
        minutes: how long it takes.

    Returns:
        the course with the exercise in it, and the files written.

    Raises:
        CourseError: there is no such lab, the name is taken or none, a file is there already. Nothing is written then.
    """
    course.lab(lab)
    if points < 2:
        raise CourseError(f"found {points} points; the two checks of a new exercise need at least 2")
    if taken := [each for each in course.exercises() if each.name == name]:
        raise CourseError(f"there is an exercise {taken[0]} already; choose another name")
    place = course.root / COURSE_FILE
    before = place.read_text(encoding="utf-8")
    entry = f"title: {yaml.dump(title, width=10_000).splitlines()[0]}, points: {points}, minutes: {minutes}"
    write_if_changed(place, _with_line(before, lab, f"{name}: {{{entry}}}"))
    try:
        larger = load_course(course.root)
        exercise = larger.exercise(name, lab)
        texts = {
            larger.solution_path(exercise): SOURCE,
            larger.variants_path(exercise): VARIANTS,
            larger.grader_path(exercise): GRADER,
        }
        if present := [path for path in texts if path.exists()]:
            raise CourseError(*(f"{path} is there already; move it away, or choose another name" for path in present))
    except CourseError:
        write_if_changed(place, before)
        raise
    for path, template in texts.items():
        text = template.substitute(name=name, title=title.replace('"', "'"), lab=lab, most=points - 1)
        write_if_changed(path, text)
    return larger, [place, *texts]


def _with_line(text: str, lab: str, line: str) -> str:
    """course.yaml with a line at the end of a lab's exercises; its comments and layout stay."""
    node: Any = yaml.compose(text)
    for key in ("labs", lab, "exercises"):
        node = next(value for name, value in node.value if name.value == key)
    if node.flow_style or not node.value:
        raise CourseError(f"{COURSE_FILE}: the exercises of {lab} are not written a line each; write them so first")
    last: Any = node.value[-1][1]
    while isinstance(last, yaml.CollectionNode) and last.value and not last.flow_style:
        # A block ends for YAML where the next one begins, comments and all: look for the end of what is in it.
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    lines = text.splitlines()
    after = last.end_mark.line + 1
    return "\n".join([*lines[:after], " " * node.start_mark.column + line, *lines[after:]]) + "\n"
