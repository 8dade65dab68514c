"""What alone is wrong where all else is right: said of exactly what was found, and not where too much is wrong or too little was compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from core_pairs import EXERCISE, GRADER, numbers, pair, said, tensor

from mechgrade.grading.calls import Call
from mechgrade.grading.compare import compare
from mechgrade.grading.diagnose import Judged
from mechgrade.grading.recordings import Run
from mechgrade.grading.relations import relation
from mechgrade.protocol.outcome import Outcome, Place
from mechgrade.protocol.wire import Tree

RIGHT = pair(numbers(1, 3, 4), numbers(1, 3, 4))


def parts(want: Tree, got: Tree) -> Any:
    """A run whose data has two parts of the scenario's own besides: one of numbers, which is right, and a switch."""
    fixed = {"mean_loss": tensor(numbers(2, 5)), "hooks_left": False}
    return pair({**fixed, "found": want}, {**fixed, "found": got}, "computed")


# --- errors --------------------------------------------------------------------------------------------------------------

ASKED: Tree = {"k = 0": "ValueError", "k = -1": "ValueError", "k = 99": "ValueError", "k = 1": "nothing"}


def answered(**changed: str) -> dict[str, str]:
    """What was raised where two of the cases went otherwise."""
    return {**ASKED, **{key.replace("_", " = "): value for key, value in changed.items()}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("got", "sentence"),
    [
        (
            answered(k_0="nothing", k_99="nothing"),
            'On these inputs your results are right, but not your errors: no `ValueError` is raised for "k = 0" and "k = 99".',
        ),
        (
            answered(k_99="IndexError"),
            'On these inputs your results are right, but not your errors: `IndexError` is raised for "k = 99" where `ValueError` is'
            " asked for.",
        ),
        (
            answered(k_1="ValueError"),
            'On these inputs your results are right, but not your errors: `ValueError` is raised for "k = 1" where no error is asked'
            " for.",
        ),
        (
            answered(k_0="nothing", k_99="SafetensorError"),
            'On these inputs your results are right, but not your errors: no `ValueError` is raised for "k = 0"; `SafetensorError` is'
            ' raised for "k = 99" where `ValueError` is asked for.',
        ),
    ],
)
def test_errors_that_alone_are_wrong(got: Tree, sentence: str) -> None:
    assert said(RIGHT, pair(ASKED, got, "computed")) == sentence


def test_cases_without_names_are_counted() -> None:
    runs = [pair({"raised": "ValueError"}, {"raised": got}, "computed") for got in ("ValueError", "nothing", "nothing")]
    assert str(said(RIGHT, *runs)).endswith("no `ValueError` is raised in 2 of 3 cases.")
    lists = pair(["ValueError", "ValueError", "ValueError"], ["nothing", "nothing", "ValueError"], "computed")
    assert str(said(RIGHT, lists)).endswith("no `ValueError` is raised in 2 of 3 cases.")


def test_many_cases_are_cut() -> None:
    want: Tree = {f"layer {number}": "ValueError" for number in range(7)}
    got: Tree = {f"layer {number}": "nothing" for number in range(7)}
    assert str(said(RIGHT, pair(want, got, "computed"))).endswith(
        'for "layer 0", "layer 1", "layer 2", "layer 3" and 3 more.'
    )


def test_of_errors_alone_nothing_is_said_where_no_result_was_right() -> None:
    assert said(pair(ASKED, answered(k_0="nothing"), "computed")) is None, "only words were compared"
    wrong = pair(numbers(1, 3, 4), numbers(2, 3, 4))
    assert said(wrong, pair(ASKED, answered(k_0="nothing"), "computed")) is None


# --- types ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("want", "got", "sentence"),
    [
        (2.5, tensor(np.array(2.5)), "a tensor of float32 where a Python float is expected"),
        ([1, 2, 3], tensor(np.array([1, 2, 3])), "a tensor of int64 where a list is expected"),
        (3, 3.0, "a Python float where a Python int is expected"),
        ("int", "int64", "`int64` where `int` is expected"),
        ("torch.float32", "torch.float64", "`float64` where `float32` is expected"),
    ],
)
def test_a_type_that_alone_is_wrong(want: Tree, got: Tree, sentence: str) -> None:
    expected = f"On these inputs your values are right, but not their type: {sentence}."
    assert said(RIGHT, parts(want, got)) == expected


def test_other_values_are_more_than_another_type() -> None:
    assert "type" not in str(said(RIGHT, parts(2.5, tensor(np.array(2.6)))))
    assert "type" not in str(said(RIGHT, parts("int", "whole")))
    two = [parts(2.5, tensor(np.array(2.5))), parts("int", "int64")]
    assert "type" not in str(said(RIGHT, *two)), "two mistakes"


def test_texts_that_a_function_returned_are_texts() -> None:
    assert said(RIGHT, pair({"one": "int"}, {"one": "float"}, "of_parts")) == (
        "On these inputs only `one` of what `parts` returns is wrong: all else that was compared is right."
    )
    assert "error" not in str(said(RIGHT, pair({"one": "ValueError"}, {"one": "nothing"}, "of_parts")))


# --- parts ---------------------------------------------------------------------------------------------------------------


def test_one_part_that_alone_is_wrong() -> None:
    only = 'On these inputs only "found" is wrong: all else that was compared is right.'
    assert said(RIGHT, parts("Paris", "London")) == only
    assert said(RIGHT, parts("Paris", "London"), parts("Rome", "Rome")) == only, "it need not be wrong everywhere"


def test_a_part_of_the_learners_own_result_is_told_as_such() -> None:
    one, other = tensor(numbers(1, 2)), tensor(numbers(2, 2))
    run = pair({"one": one, "other": other}, {"one": one, "other": tensor(numbers(3, 2))}, "of_parts")
    assert said(run) == "On these inputs only `other` is wrong: all else that was compared is right."
    both = pair(
        {"one": one, "other": other}, {"one": tensor(numbers(4, 2)), "other": tensor(numbers(3, 2))}, "of_parts"
    )
    assert said(both) is None, "these are all parts that there are"
    assert said(RIGHT, both) == "On these inputs only `parts` is wrong: `scores` gave what it should."
    assert (
        said(RIGHT, run)
        == "On these inputs only `other` of what `parts` returns is wrong: all else that was compared is right."
    )


def test_a_switch_is_told_with_its_value() -> None:
    want = {"found": tensor(numbers(1, 4)), "hooks_left": False}
    assert said(pair(want, {**want, "hooks_left": True}, "computed")) == (
        'On these inputs all that was compared is right but "hooks left": it is True, and should be False.'
    )


def test_the_same_thing_under_further_keys_is_one() -> None:
    found = tensor(numbers(1, 4))

    def run(left: bool) -> Tree:
        return {"found": found, "hooks_left": left, "again": {"hooks_left": left}}

    assert str(said(pair(run(False), run(True), "computed"))).startswith(
        'On these inputs all that was compared is right but "hooks left"'
    )
    got: Any = {"found": found, "hooks_left": False, "again": {"hooks_left": True}}
    assert str(said(pair(run(False), got, "computed"))).startswith(
        'On these inputs all that was compared is right but "again, hooks left"'
    )


def test_where_much_is_wrong_no_part_is_told() -> None:
    want: Tree = {name: name for name in "abcdef"}
    got: Tree = {name: name if name in "def" else "?" for name in "abcdef"}
    assert said(pair(want, got)) is None, "three parts"
    assert said(pair({"a": "a", "hooks_left": False}, {"a": "b", "hooks_left": False})) is None, "a switch is right"


def test_a_function_that_alone_is_wrong() -> None:
    wrong = pair({"one": "a", "two": "b", "three": "c"}, {"one": "x", "two": "y", "three": "z"}, "of_parts")
    assert said(RIGHT, wrong) == "On these inputs only `parts` is wrong: `scores` gave what it should."
    assert said(RIGHT, wrong, pair("a", "b")) is None, "both functions"
    assert said(RIGHT, pair("a", "b")) is None, "there is no other function"


# --- sides and rows ------------------------------------------------------------------------------------------------------


def test_on_which_side_the_wrong_numbers_lie() -> None:
    want = numbers(1, 3, 5, 4)
    more = np.where(want > 0, want + want**2, want)
    assert said(pair(want, more)) == "Wherever your numbers are wrong, they are too large."
    assert said(pair(more, want)) == "Wherever your numbers are wrong, they are too small."
    more[0, 0, 0] -= 9
    assert said(pair(want, more)) is None
    assert said(pair(np.array([3, 9, 14, 20, 31]), np.array([5, 13, 21, 29, 39]))) is None, "these may be tokens"
    few = numbers(1, 3)
    assert said(pair(few, few + np.abs(few) ** 1.5)) is None, "three numbers"


def test_the_side_is_told_beside_the_part() -> None:
    want, got = numbers(1, 6), numbers(1, 6) + np.abs(numbers(1, 6)) ** 1.5
    assert said(parts(tensor(want), tensor(got))) == (
        'On these inputs only "found" is wrong: all else that was compared is right. Wherever your numbers are wrong, they are too large.'
    )


def test_few_rows_are_wrong() -> None:
    want = numbers(1, 3, 5, 4)
    got = np.array(want)
    got[:, 2] = numbers(2, 3, 4)
    assert said(pair(want, got)) == (
        "Your numbers are wrong in only 1 of 5 places along `head`, at index 2, and right in all others."
    )
    got[0, 0, 0] = 9
    assert said(pair(want, got)) is None, "that row is right but for one number"
    got = np.array(want)
    got[:, [0, 2, 4]] = numbers(2, 3, 3, 4)
    assert said(pair(want, got)) is None, "most rows"


# --- no numbers ----------------------------------------------------------------------------------------------------------


def test_nan_wherever_it_is_wrong() -> None:
    want = numbers(1, 2, 3, 4)
    got = np.where(np.arange(3)[:, None] == 1, np.nan, want)
    assert str(said(pair(want, got))).startswith("Your numbers are NaN or infinite wherever they are wrong")
    got[0, 0, 0] += 1
    assert said(pair(want, got)) is None


# --- runs that did not return --------------------------------------------------------------------------------------------

WANT = numbers(1, 2, 3, 4)


def ran(got: Tree) -> Judged:
    """A run that returned."""
    run = Run(tensor(WANT), {})
    passed = compare(run.reference, got, {}).same
    return Judged(Outcome("returned", got), run, passed, lambda names: {}, Call("scenario", {}))


def lost(kind: Any, error: str = "", message: str = "", *lines: int) -> Judged:
    """A run that did not."""
    outcome = Outcome(kind, error=error, message=message, trace=tuple(map(Place, lines)))
    return Judged(outcome, Run(tensor(WANT), {}), False, lambda names: {}, Call("scenario", {}))


def told(*judged: Judged) -> str | None:
    """What is said of them."""
    return relation(judged, GRADER, EXERCISE)


def test_an_error_where_none_is_expected() -> None:
    right = ran(tensor(WANT))
    first, again, other = (lost("raised", "ValueError", "no", 3, line) for line in (12, 12, 20))
    assert told(right, first, again) == (
        "Line 12 raises `ValueError`, which is not expected. On these inputs all that was compared is right."
    )
    assert str(told(right, first, other)).startswith("Lines 12 and 20 raise `ValueError`, which is not expected.")
    assert told(first) is None, "nothing was compared"
    assert told(right, lost("raised", "ValueError")) is None, "it is no line of the learner's"
    assert told(right, first, lost("timed_out")) is None


def test_an_error_and_a_relation_of_what_returned() -> None:
    error = lost("raised", "KeyError", "", 7)
    assert told(ran(tensor(2.5 * WANT)), error) == (
        "Line 7 raises `KeyError`, which is not expected. Where your code returned, each of your values is 2.5 times the expected one."
    )
    assert told(ran(tensor(numbers(5, 2, 3, 4))), error) is None, "what returned is wrong in no way that is known"


def test_an_argument_that_is_written_into() -> None:
    changed = "`scores` changed its argument `x` in place; the caller still needs it: work on a copy (`x.clone()`)"
    assert told(ran(tensor(WANT)), lost("unusable", message=changed)) == (
        "`scores` changed its argument `x` in place. On these inputs all that was compared is right."
    )
    assert told(ran(tensor(WANT)), lost("unusable", message="the result is a generator")) is None
