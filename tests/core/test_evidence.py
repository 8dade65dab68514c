"""How much wrong values tell: real numbers a lot, booleans, small counts, words and classes of exceptions little."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mechgrade.grading.compare import tolerance
from mechgrade.grading.evidence import ENOUGH, bits
from mechgrade.grading.evidence import tells as tells_of
from mechgrade.grading.recordings import Run
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Array, Tree

RAISED = Outcome("raised", error="ValueError", message="ValueError: k")


def tells(runs: list[tuple[Tree, Outcome]], noise: dict[str, float] | None = None) -> bool:
    return tells_of((Run(reference, noise or {}), outcome) for reference, outcome in runs)


def returned(value: Tree) -> Outcome:
    return Outcome("returned", value)


def array(*values: float, dtype: str = "float64") -> Array:
    return Array(np.asarray(values, dtype), dtype)


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (2.5, 3.5),
        (0.0, 1e-3),
        (array(1.0, 2.0), array(1.0, 2.5)),
        # The same numbers in another shape: nothing but the shape is wrong, and all of it is told.
        (array(1.5, 2.5), Array(np.asarray([[1.5, 2.5]]), "float64")),
        ({"a": 1.5}, {"a": 7.5}),
        ([1.5], [1.5, 2.5]),
        ((1, 2.5), (1, 3.5)),
        (2.5, [3.5]),
        # A token's number is one of hundreds.
        (300, 264),
        (3, -264),
        (300, 2),
        ("Carl and David went to the store", "Carl and Carl went to the store"),
        (None, {"a": 3.5}),
        # Twenty booleans, of which a pattern is wrong.
        (Array(np.zeros(20, bool), "bool"), Array(np.arange(20) % 3 == 0, "bool")),
    ],
)
def test_what_hardly_comes_by_chance_tells_a_mistake(want: Tree, got: Tree) -> None:
    assert tells([(want, returned(got))])


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (True, False),
        ([True] * 5, [False] * 5),
        (2.5, 0.0),
        (2.5, 1.0),
        (2.5, -1.0),
        (2.5, math.nan),
        (2.5, math.inf),
        (3, 4),
        (0, 0),
        (-3, 3),
        ("ValueError", "nothing"),
        (2.5, None),
        ({"a": 1.5}, {"a": 1.5, "b": 2.5}),
        ({"a": 1.5, "b": 2.5}, {"a": 1.5}),
        ([1.5, 2.5, 3.5], [1.5]),
        ([], [True]),
        (array(1.0, 2.0), array(1.0, 2.0)),
        (array(2.0, 3.0), array(0.0, 1.0)),
        (Array(np.zeros(2, bool), "bool"), Array(np.ones(2, bool), "bool")),
    ],
)
def test_what_other_mistakes_give_too_does_not(want: Tree, got: Tree) -> None:
    assert not tells([(want, returned(got))])


@pytest.mark.parametrize(
    ("want", "got", "expected"),
    [
        (True, False, 1),
        (None, True, 1),
        (2.5, None, 1),
        (2.5, 3.5, 10),
        (2.5, 0.0, 1),
        (2.5, math.nan, 1),
        (7, 0, 3),
        (0, 7, 3),
        (0, -3, 2),
        ("a", 0, 1),
        ("a", 3, 2),
        (0, 10**9, 10),
        (0.5, 0, 1),
        ("one", "two", 1),
        ("a b", "a c", 2.5),
        ("a b", "a " * 30, 10),
        ({"a": 1}, {"a": 1, "b": 2}, 2),
        ({"a": 1, "b": 2}, {"a": 1}, 1),
        ([1], [1, True], 1),
        ([1], [1, True, False], 2),
        # A whole number will do for a real one.
        ({"a": 1.0}, {"a": 1}, 0),
        ([1, 2, 3], [1], 1),
        (None, {"a": True, "b": [False]}, 2),
        # One of four, which is two bits, and a number.
        (array(2, 3, 4, 5), array(2, 3, 4, 9), 12),
        (array(2, 3, 4, 5), Array(np.asarray([[2.0], [3], [4], [9]]), "float64"), 40),
        (Array(np.arange(4), "int64"), Array(np.asarray([0, 1, 2, 7]), "int64"), 5),
        (Array(np.zeros(8, bool), "bool"), Array(np.arange(8) == 3, "bool"), 4),
        # Of many different numbers some are counted, and where they are counts for no more than one.
        (Array(np.zeros(130), "float64"), Array(np.arange(130) / 7, "float64"), 10 + 63 * 10 + 1),
    ],
)
def test_bits_are_counted(want: Tree, got: Tree, expected: float) -> None:
    assert bits([(Run(want, {}), returned(got))]) == pytest.approx(expected)


def test_bits_of_an_exception_are_counted() -> None:
    assert bits([(Run(2.5, {}), RAISED)]) == 1
    message = "index 5 is out of bounds for dimension 1"
    assert bits([(Run(2.5, {}), Outcome("raised", error="IndexError", message=message))]) == 5


def test_nothing_tells_nothing() -> None:
    assert not tells([])


def test_the_same_thing_counts_once_and_different_ones_add_up() -> None:
    assert not tells([(8, returned(9))] * 9)
    assert tells([(8, returned(9)), (8, returned(7))])
    assert not tells([({"a": True}, returned({"a": False}))] * 20)
    many = {str(number): True for number in range(int(ENOUGH))}
    assert tells([(many, returned(dict.fromkeys(many, False)))])
    del many["0"]
    assert not tells([(many, returned(dict.fromkeys(many, False)))])


def test_the_class_of_an_exception_tells_little_and_the_sizes_in_a_message_much() -> None:
    assert not tells([(2.5, RAISED)])
    assert not tells([(2.5, RAISED), (2.5, Outcome("raised", error="TypeError", message="TypeError: n"))])
    message = "index 5 is out of bounds for dimension 1 with size 4"
    assert tells([(2.5, Outcome("raised", error="IndexError", message=message))])
    assert not tells([(2.5, Outcome("raised", error="IndexError", message="IndexError: 5 and 5"))])


def test_a_large_array_is_looked_at_in_part() -> None:
    want = Array(np.zeros(200_000), "float64")
    assert tells([(want, returned(Array(np.arange(200_000) / 7, "float64")))])
    assert not tells([(Array(np.zeros((0, 3)), "float64"), returned(Array(np.zeros(0), "float64")))])


def test_what_is_right_but_for_rounding_tells_nothing() -> None:
    want, got = np.arange(2.0, 9.0), np.arange(2.0, 9.0) + 1e-6
    got[0] = 0.0
    pair = {"a": Array(want, "float64"), "b": 2.5}, returned({"a": Array(got, "float64"), "b": 2.6})
    assert not tells([pair], {"['b']": 0.1}), "one value is 0, and which one is 3 bits"
    assert tells([pair]), "without so much rounding, 2.6 is wrong"
    got[1] += 0.01
    assert tells([pair], {"['b']": 0.1})
    assert not tells([pair], {"['b']": 0.1, "['a']": 0.1})


def test_an_infinity_where_a_number_is_expected_is_wrong() -> None:
    assert not tells([(array(2.5, 3.5), returned(array(2.5, math.inf)))])
    assert tells([(array(2.5, math.inf), returned(array(2.5, 3.5)))])


def test_a_boolean_is_one_bit_whatever_was_expected() -> None:
    assert bits([(Run(7, {}), returned(True))]) == 1.0


def test_in_a_list_it_is_what_came_that_counts() -> None:
    long = "Carl and David went to the store"
    assert bits([(Run([long], {}), returned(["store"]))]) == 1.0 < bits([(Run(["store"], {}), returned([long]))])


def test_what_is_off_by_the_whole_tolerance_is_still_rounding() -> None:
    want = array(0.0, 0.0)
    most = float(tolerance(want.values, 0.5)[0])
    runs = {got: bits([(Run(want, {"": 0.5}), returned(array(got, 8 * most)))]) for got in (0.0, most, 2 * most)}
    assert runs[0.0] == runs[most] < runs[2 * most]
