"""A name is a claim: the misconception explains every run that failed, and contradicts none that passed."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechgrade.grading.calls import Call
from mechgrade.grading.diagnose import Found, Judged, explanation, matches
from mechgrade.grading.evidence import tells
from mechgrade.grading.recordings import Run
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Array, Tree

NAMES = ["first", "second", "third"]


def gave(value: Tree) -> dict[str | int, Tree]:
    """What a misconception is recorded to return."""
    return {"kind": "returned", "data": value}


def raised(error: str, message: str) -> dict[str | int, Tree]:
    """What a misconception is recorded to raise."""
    return {"kind": "raised", "error": error, "message": message}


def judged(
    value: Tree | Outcome, found: Found, *, passed: bool = False, asked: list[list[str]] | None = None
) -> Judged:
    """A run with what the misconceptions give on it."""

    def misconceptions(names: Collection[str]) -> Found:
        if asked is not None:
            asked.append(list(names))
        return {name: found[name] for name in names if name in found}

    outcome = value if isinstance(value, Outcome) else Outcome("returned", value)
    return Judged(outcome, Run(0.0, {}), passed, misconceptions, Call("scenario", {}))


def test_one_that_explains_all_that_failed_is_named() -> None:
    runs = [
        judged(1.0, {"first": gave(1.0), "second": gave(2.0)}),
        judged(5.0, {"first": gave(5.0), "second": gave(5.0)}),
    ]
    assert explanation(runs, NAMES) == "first"


def test_one_that_explains_only_some_is_not() -> None:
    runs = [judged(1.0, {"first": gave(1.0)}), judged(5.0, {"first": gave(6.0)})]
    assert explanation(runs, NAMES) is None
    assert explanation(runs[::-1], NAMES) is None


def test_one_that_fails_where_the_learner_passed_is_not() -> None:
    """It would be rejected there, and the learner's code was not: so it is another mistake."""
    runs = [judged(0.0, {"first": gave(9.0)}, passed=True), judged(1.5, {"first": gave(1.5)})]
    assert explanation(runs, NAMES) is None
    assert explanation([judged(0.0, {"first": gave(0.0)}, passed=True), runs[1]], NAMES) == "first"


def test_one_whose_wrong_values_another_mistake_would_give_too_is_not() -> None:
    """Another mistake makes the same boolean wrong; it would be told a sentence that is not true of it."""
    runs = [judged(True, {"first": gave(True)}), judged(False, {"first": gave(False)}, passed=True)]
    assert explanation(runs, NAMES) is None
    assert explanation([*runs, judged(5.5, {"first": gave(5.5)})], NAMES) == "first"
    assert explanation([*runs, judged(5.5, {"first": gave(5.5)}, passed=True)], NAMES) is None, (
        "what passed is not wrong"
    )


def test_where_nothing_failed_nothing_is_asked_and_nobody_named() -> None:
    asked: list[list[str]] = []
    assert explanation([], NAMES) is None
    assert explanation([judged(0.0, {"first": gave(0.0)}, passed=True, asked=asked)], NAMES) is None
    assert asked == []


def test_a_judged_run_stays_as_it_is() -> None:
    with pytest.raises(FrozenInstanceError):
        judged(1.0, {}).passed = True  # type: ignore[misc]


def test_only_those_that_are_left_are_asked_and_failures_come_first() -> None:
    """On hidden inputs each question is a run of a program."""
    asked: list[list[str]] = []
    runs = [
        judged(0.0, {"second": gave(0.0)}, passed=True, asked=asked),
        judged(1.0, {"first": gave(3.0), "second": gave(1.0), "third": gave(1.0)}, asked=asked),
        judged(2.0, {"second": gave(2.0), "third": gave(1.0)}, asked=asked),
    ]
    assert explanation(runs, NAMES) == "second"
    assert asked == [NAMES, ["second", "third"], ["second"]]
    asked.clear()
    assert explanation([judged(7.0, {"first": gave(1.0)}, asked=asked), *runs], NAMES) is None
    assert asked == [NAMES], "nobody is left after the first"


def test_one_that_was_not_run_there_explains_nothing() -> None:
    runs = [judged(1.0, {"first": gave(1.0)}), judged(2.0, {})]
    assert explanation(runs, NAMES) is None
    assert explanation([judged(1.0, {})], NAMES) is None


def test_the_nearest_to_the_first_failure_wins_and_else_the_order_in_which_they_were_written() -> None:
    value = np.asarray([1.0, 2.0])
    near, nearer = value + 4e-5, value + 1e-5
    tree = Array(value, "float64")
    found = {"first": gave(Array(near, "float64")), "second": gave(Array(nearer, "float64")), "third": gave(tree)}
    outcome = Outcome("returned", tree)
    assert matches(outcome, {}, found) == ["third", "second", "first"]
    assert explanation([judged(tree, found)], NAMES) == "third"
    same = {"third": gave(tree), "first": gave(tree)}
    assert explanation([judged(tree, same)], NAMES) == "first", "of equals, the one that stands first in the file"
    other = {"first": gave(tree), "second": gave(tree), "third": gave(Array(near, "float64"))}
    assert explanation([judged(tree, found), judged(tree, other)], NAMES) == "third", "the first failure decides"


def test_data_is_held_to_the_tolerance_of_the_reference() -> None:
    outcome = Outcome("returned", 1.001)
    assert matches(outcome, {}, {"first": gave(1.0)}) == []
    assert matches(outcome, {"": 1e-3}, {"first": gave(1.0)}) == ["first"]


def test_an_integer_is_the_number_that_a_mistake_gives_as_a_float() -> None:
    """As for the reference: which of the two a learner chose says nothing."""
    assert matches(Outcome("returned", 1), {}, {"first": gave(1.0)}) == ["first"]
    assert matches(Outcome("returned", 1.0), {}, {"first": gave(1)}) == []


def test_a_mistake_may_give_nan() -> None:
    outcome = Outcome("returned", [math.nan, 1.0])
    assert matches(outcome, {}, {"first": gave([math.nan, 1.0]), "second": gave([1.0, math.nan])}) == ["first"]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome("raised", error="ValueError", message="ValueError: k"), ["same"]),
        (Outcome("raised", error="ValueError", message="ValueError: n"), []),
        (Outcome("raised", error="TypeError", message="ValueError: k"), []),
        (Outcome("crashed", error="ValueError", message="ValueError: k"), []),
        (Outcome("returned", data="ValueError: k"), []),
    ],
)
def test_a_failure_matches_a_failure_of_the_same_kind_class_and_message(outcome: Outcome, expected: list[str]) -> None:
    assert matches(outcome, {}, {"same": raised("ValueError", "ValueError: k"), "other": gave(1.0)}) == expected


numbers = st.floats(-1e3, 1e3, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(numbers, numbers, st.booleans()), min_size=1, max_size=5),
    st.permutations(NAMES),
)
def test_whoever_is_named_gives_what_the_learner_gave_on_every_run(
    runs: list[tuple[float, float, bool]], order: list[str]
) -> None:
    """Whatever comes: the claim holds of each run, failed or passed."""
    found = [{"first": gave(mine), "second": gave(other), "third": gave(mine + 1)} for mine, other, _ in runs]
    held = [judged(mine, each, passed=passed) for (mine, _, passed), each in zip(runs, found, strict=True)]
    name = explanation(held, order)
    if not tells((each.run, each.outcome) for each in held if not each.passed):
        assert name is None
        return
    assert name in ("first", "second"), "the first explains all; the third none"
    for (mine, _, _), each in zip(runs, found, strict=True):
        tree = each[name]
        assert isinstance(tree, dict) and abs(tree["data"] - mine) <= 3e-5 * abs(tree["data"]) + 1e-6  # type: ignore[operator,arg-type]
