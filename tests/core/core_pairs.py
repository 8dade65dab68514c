"""What tests of relations share: runs of a small exercise, as the reference and a learner have them, and what is said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechgrade.grading.compare import compare
from mechgrade.grading.relations import Pair, Sources, relate
from mechgrade.protocol.wire import Array

Numbers = NDArray[Any]

GRADER = """
def scenario(exercise, bench, **inputs):
    return exercise.scores(inputs)

def computed(exercise, bench, **inputs):
    return {"sums": exercise.scores(inputs).sum(0), "ready": True}

def of_parts(exercise, bench, **inputs):
    return exercise.parts(inputs)
"""

EXERCISE = """
def scores(x: Float[Tensor, "layer batch"], how: str) -> Float[Tensor, "layer head query"]: ...
def parts(x) -> dict[str, Float[Tensor, "row"]]: ...
"""

SOURCES = Sources(GRADER, EXERCISE)


def tensor(values: Any) -> Array:
    """Numbers as they cross."""
    array = np.array(values, dtype=np.float32 if np.asarray(values).dtype.kind == "f" else None)
    return Array(array, array.dtype.name)


def pair(want: Any, got: Any, scenario: str = "scenario", **inputs: Any) -> Pair:
    """A run of a learner's code."""
    left, right = (tensor(each) if isinstance(each, np.ndarray) else each for each in (want, got))
    return Pair(left, right, {}, compare(left, right, {}).same, scenario, inputs)


def said(*pairs: Pair) -> str | None:
    """What is said of some runs of an exercise."""
    return relate(pairs, SOURCES)


def numbers(seed: int, *shape: int) -> Numbers:
    """Random numbers of both signs."""
    return np.random.default_rng(seed).normal(size=shape)
