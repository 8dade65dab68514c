"""A learner's function that changes what it got is told so, whatever it got."""

from __future__ import annotations

import math
import types
from typing import Any

import numpy as np
import pytest

from mechgrade.worker.exercise import Exercise, Misused


def exercise(change: Any) -> Exercise:
    """One with a function that does something to its argument."""
    module = types.ModuleType("learners")

    def f(x: Any) -> None:
        change(x)

    f.__module__ = module.__name__
    vars(module)["f"] = f
    return Exercise(module)


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([(0, 1), (0, 0)], list.sort),
        ([2, 1], list.reverse),
        (["a", "b"], lambda x: x.__setitem__(0, "c")),
        ({"heads": [3, 1]}, lambda x: x["heads"].sort()),
        ([1.0, 2.0], lambda x: x.__setitem__(1, math.nan)),
        ([None, 1], lambda x: x.__setitem__(0, 0)),
        (np.ones(3), lambda x: x.__setitem__(0, 2)),
        ([1], lambda x: x.append(2)),
    ],
)
def test_a_change_is_told(value: Any, change: Any) -> None:
    with pytest.raises(Misused, match="`f` changed its argument `x` in place"):
        exercise(change).f(value)


@pytest.mark.parametrize(
    "value", [[(0, 1), (0, 0)], [math.nan, 1.0], {"a": [None, True, "x"]}, [float("nan")], 3, "text"]
)
def test_what_stays_as_it_was_is_not_told(value: Any) -> None:
    exercise(lambda _: None).f(value)
