"""A stranger's course: nothing of this one's, a line fitted with NumPy. What it lacks (models, torch) must not be missed."""

from __future__ import annotations

from pathlib import Path

COURSE = """\
schema: 1
title: Fitting lines
isolation: process
{more}labs:
  week1:
    title: Lines
    slug: 01-lines
    minutes: 20
    exercises:
      slope: {{title: The slope of a line, points: 5, minutes: 10}}
"""

SOURCE = '''\
# %% [markdown]
# # The slope of a line
#
# The line through the origin that is nearest to some points has the slope $\\sum_i x_i y_i / \\sum_i x_i^2$.

# %% [markdown] tags=["hint"]
# Which two sums does the formula have?

# %% [markdown] tags=["hint"]
# Both are over the points: the axis with the length of x.

# %%
import numpy as np


# %%
def slope(x: np.ndarray, y: np.ndarray) -> float:
    """Fit a line through the origin.

    Args:
        x: shape `[point]`.
        y: shape `[point]`.

    Returns:
        the slope.
    """
    ### BEGIN SOLUTION
    return float((x * y).sum() / (x * x).sum())
    ### END SOLUTION


# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench

    bench = open_bench()
    print(f"slope {slope(bench.uniform(9, seed=1), bench.uniform(9, seed=2)):.3f}")

# %% [markdown] tags=["found"]
# **What you found.** The slope is a weighted mean of the points' own slopes.
'''

VARIANTS = '''\
"""Right and wrong ways of slope."""

import numpy as np

from mechgrade.authoring.variants import accepted, misconception


@accepted
def by_least_squares(x, y):
    """NumPy's own."""
    return float(np.linalg.lstsq(x[:, None], y, rcond=None)[0][0])


@accepted
def by_loop(x, y):
    """One point after the other."""
    return float(sum(a * b for a, b in zip(x, y)) / sum(a * a for a in x))


@misconception("You divide by the sum of the squares of y, where the formula has those of x.")
def squares_of_y(x, y):
    return float(np.dot(x, y) / np.dot(y, y))


@misconception("You take the mean of the points' own slopes, which lets points near the origin count too much.")
def mean_of_slopes(x, y):
    return float(np.mean(y / x))


@misconception("You fit a line that may miss the origin, and take its slope.")
def with_offset(x, y):
    return float(np.polyfit(x, y, 1)[0])


@misconception("You forgot to divide by the sum of the squares.")
def not_divided(x, y):
    return float(np.dot(x, y))
'''

GRADER = '''\
"""Grader of `slope`."""

import pytest


def on_random_points(exercise, bench, *, points, seed):
    x = bench.uniform(points, seed=seed) + 0.5
    return exercise.slope(x, 2 * x + bench.normal(points, seed=seed + 1))


@pytest.mark.points(4)
def test_random_points(compare, seed):
    """Points around a line."""
    for points in (3, 8):
        compare(on_random_points, points=points, seed=seed)


@pytest.mark.points(1)
def test_a_single_point(compare):
    """One point: its own slope."""
    compare(on_random_points, points=1, seed=5)
'''


def write(root: Path, files: dict[str, str]) -> None:
    """Write some files below a folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def make_course(root: Path, more: str = "", files: dict[str, str] | None = None) -> Path:
    """A course with one exercise; nothing is built or recorded.

    Args:
        root: where.
        more: further lines of course.yaml.
        files: files besides, or in place of the exercise's own.
    """
    texts = {
        "course.yaml": COURSE.format(more=more),
        "solutions/week1/slope.py": SOURCE,
        "solutions/week1/variants/slope.py": VARIANTS,
        "graders/week1/test_slope.py": GRADER,
    }
    write(root, texts | (files or {}))
    return root
