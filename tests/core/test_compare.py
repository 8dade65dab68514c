"""The comparison: what counts as equal, what is said of the first difference, and how far apart values are."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, get_args

import numpy as np
import pytest
from core_trees import FLOATS, fast, float_arrays, nested, numbers, shapes, tensor, trees, wild_trees
from hypothesis import example, given
from hypothesis import strategies as st

from mechgrade.grading.compare import Aspect, compare, describe, noise_between, scale_of, tolerance, unusable
from mechgrade.protocol.wire import Array, Tree

NAN, INF = math.nan, math.inf
STEP = np.nextafter(1.0, 2.0) - 1.0


def difference(want: Tree, got: Tree, noise: dict[str, float] | None = None) -> tuple[str, str, str]:
    """Aspect, path and sentence of a difference that must be there."""
    found = compare(want, got, noise or {})
    assert found.difference is not None and not found.same and not found.distance <= 1
    return found.difference.aspect, found.difference.path, found.difference.sentence


def passes(want: Tree, got: Tree, noise: dict[str, float] | None = None) -> bool:
    """Whether data counts as equal, as each part of the answer says it."""
    found = compare(want, got, noise or {})
    assert found.same == (found.difference is None) == (found.distance <= 1)
    return found.same


# --- what is equal -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (None, None),
        (1.0, 1),
        (1.0, True + 0.0),
        (0.0, -0.0),
        (INF, INF),
        (-INF, -INF),
        ((1, 2), [1, 2]),
        ([1, 2], (1, 2)),
        ({}, {}),
        ([], ()),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ("text", "text"),
        ("\ud800", "\ud800"),
        (2**64 - 1, 2**64 - 1),
        (tensor(2.0), tensor(2.0)),
        (tensor([]), tensor([])),
        (tensor(np.zeros((0, 3))), tensor(np.zeros((0, 3)))),
        (tensor([0.0, 1]), tensor([-0.0, 1])),
        (tensor([1.0, INF, -INF]), tensor([1.0, INF, -INF])),
        (tensor([1.0], "float32"), tensor([1.0], "float64")),
        (tensor([1.0], "float16"), tensor([1.0], "bfloat16")),
        (tensor([1, 2], "int64"), tensor([1, 2], "int16")),
        (tensor([1, 2], "uint8"), tensor([1, 2], "uint64")),
        (tensor([True, False], "bool"), tensor([True, False], "bool")),
        (tensor([1.0], kind="array"), tensor([1.0], kind="tensor")),
        (tensor([1.0], kind="array"), tensor([1.0], kind="array")),
        (Array(np.zeros(2), "float64", "cpu"), Array(np.zeros(2), "float64", "cuda:1")),
    ],
    ids=repr,
)
def test_these_are_equal(want: Tree, got: Tree) -> None:
    found = compare(want, got, {})
    assert found.same and found.distance == 0


# --- what is said --------------------------------------------------------------------------------------------------------


SAID: list[tuple[Tree, Tree, str, str, str]] = [
    # types
    (1.0, tensor(1.0), "type", "", "the result is a float32 tensor of shape [], expected the float 1; finish with `.item()`"),
    (1.0, tensor([1.0]), "type", "", "the result is a float32 tensor of shape [1], expected the float 1; finish with `.item()`"),
    (1.0, tensor([1.0, 2]), "type", "", "the result is a float32 tensor of shape [2], expected the float 1"),
    (1.0, tensor([]), "type", "", "the result is a float32 tensor of shape [0], expected the float 1"),
    (1, tensor(1.0), "type", "", "the result is a float32 tensor of shape [], expected the int 1"),
    (1.0, None, "type", "", "the result is None, expected the float 1"),
    (1.0, True, "type", "", "the result is the bool True, expected the float 1"),
    (1, True, "type", "", "the result is the bool True, expected the int 1"),
    (True, 1, "type", "", "the result is the int 1, expected the bool True"),
    (3, 3.0, "type", "", "the result is the float 3, expected the int 3"),
    ("3", 3, "type", "", "the result is the int 3, expected the str '3'"),
    (None, 0, "type", "", "the result is the int 0, expected None"),
    (tensor([1.0]), None, "type", "", "the result is None, expected a float32 tensor of shape [1]; does your function end without a `return`?"),
    (tensor([1.0]), [1.0], "type", "", "the result is a list of 1, expected a float32 tensor of shape [1]"),
    (tensor(1.0), 1.0, "type", "", "the result is the float 1, expected a float32 tensor of shape []"),
    (tensor([1.0]), tensor([1.0], kind="array"), "type", "", "the result is a float32 NumPy array of shape [1], expected a float32 tensor of shape [1]"),
    (tensor([1.0]), tensor([1], "int32"), "type", "", "the result is a tensor of int32, expected float32"),
    (tensor([1], "int64"), tensor([1.0]), "type", "", "the result is a tensor of float32, expected int64"),
    (tensor([1], "int64"), tensor([1], "uint64"), "type", "", "the result is a tensor of uint64, expected int64"),
    (tensor([1], "int64"), tensor([True], "bool"), "type", "", "the result is a tensor of bool, expected int64"),
    (tensor([1.0], kind="array"), tensor([1], "int8", kind="array"), "type", "", "the result is a NumPy array of int8, expected float32"),
    ({"a": 1}, [1], "type", "", "the result is a list of 1, expected a dict of 1"),
    ([1], {"a": 1}, "type", "", "the result is a dict of 1, expected a list of 1"),
    ((1,), None, "type", "", "the result is None, expected a tuple of 1"),
    ([1, (2, "a")], [1, (2, None)], "type", "[1][1]", "result[1][1] is None, expected the str 'a'"),
    # shapes
    ([1, 2, 3], [1, 2], "shape", "", "the result has 2 entries, expected 3"),
    ({"a": [1]}, {"a": [1, 2]}, "shape", "['a']", "result['a'] has 2 entries, expected 1"),
    (tensor([1.0]), tensor(1.0), "shape", "", "the result has shape [], expected [1]"),
    (tensor(np.zeros((2, 3))), tensor(np.zeros((3, 2))), "shape", "", "the result has shape [3, 2], expected [2, 3]"),
    (tensor([]), tensor(np.zeros((0, 1))), "shape", "", "the result has shape [0, 1], expected [0]"),
    ({"a": 1}, {}, "shape", "", "the result lacks 'a'"),
    ({}, {"a": 1}, "shape", "", "the result also has 'a'"),
    ({"a": 1, 2: 1}, {"b": 1, 3: 1}, "shape", "", "the result lacks 'a', 2 and also has 'b', 3"),
    (dict.fromkeys(range(7)), dict.fromkeys("abcdefg"), "shape", "", "the result lacks the keys 0, 1, 2, 3, 4 and also has 'a', 'b', 'c', 'd', 'e'"),
    # finite
    (1.5, NAN, "finite", "", "the result is nan, expected 1.5"),
    (1.5, INF, "finite", "", "the result is inf, expected 1.5"),
    (INF, -INF, "finite", "", "the result is -inf, expected inf"),
    (INF, NAN, "finite", "", "the result is nan, expected inf"),
    (tensor(1.5), tensor(NAN), "finite", "", "the result is nan, expected 1.5"),
    (tensor(1 / 3), tensor(NAN), "finite", "", "the result is nan, expected 0.333333"),
    (tensor([1.5]), tensor([NAN]), "finite", "", "the result holds nan at [0]"),
    (tensor([1, 2.0]), tensor([1, INF]), "finite", "", "the result holds inf at [1] (1 of 2 values)"),
    (tensor([[1, 2], [3, 4.0]]), tensor([[1, 2], [NAN, -INF]]), "finite", "", "the result holds nan at [1, 0] (2 of 4 values)"),
    (tensor([INF, INF, 1]), tensor([INF, -INF, 1]), "finite", "", "the result holds -inf at [1] (1 of 3 values)"),
    (tensor(np.zeros(2000)), tensor(np.full(2000, NAN)), "finite", "", "the result holds nan at [0] (2,000 of 2,000 values)"),
    # values
    (1.5, 2.5, "value", "", "the result is 2.5, expected 1.5"),
    (1.5, 2, "value", "", "the result is 2, expected 1.5"),
    (INF, 1.0, "value", "", "the result is 1, expected inf"),
    (1.0, -0.0, "value", "", "the result is 0, expected 1"),
    (1, 2, "value", "", "the result is 2, expected 1"),
    (2**64 - 1, 2**64 - 2, "value", "", f"the result is {2**64 - 2}, expected {2**64 - 1}"),
    (True, False, "value", "", "the result is False, expected True"),
    ("a", "b", "value", "", "the result is 'b', expected 'a'"),
    ("a", "a\0", "value", "", "the result is 'a\\x00', expected 'a'"),
    ("a", "\ud800", "value", "", "the result is '\\ud800', expected 'a'"),
    (tensor([1, 2], "int64"), tensor([1, 3], "int64"), "value", "", "the result at [1] is 3, expected 2; 1 of 2 values differ"),
    (tensor(7, "int64"), tensor(8, "int64"), "value", "", "the result is 8, expected 7"),
    (tensor([7], "int64"), tensor([8], "int64"), "value", "", "the result at [0] is 8, expected 7"),
    (tensor([2**63], "uint64"), tensor([2**63 + 1], "uint64"), "value", "", f"the result at [0] is {2**63 + 1}, expected {2**63}"),
    (tensor([True, True], "bool"), tensor([True, False], "bool"), "value", "", "the result at [1] is False, expected True; 1 of 2 values differ"),
    (tensor([1, 2, 3, 4, 5.0]), tensor([1, 2.5, 3, 4, 5]), "value", "", "the result at [1] is 2.5, expected 2; 1 of 5 values differ"),
    (tensor([[1, 2], [3, 4.0]]), tensor([[1, 2.5], [3, 9]]), "value", "", "the result at [1, 1] is 9, expected 4; 2 of 4 values differ"),
    (tensor([INF, 2, 3]), tensor([7, 2, 4.0]), "value", "", "the result at [0] is 7, expected inf; 2 of 3 values differ"),
    (tensor([NAN, 2]), tensor([7, 2.0]), "value", "", "the result at [0] is 7, expected nan; 1 of 2 values differ"),
    ({"x": [0, tensor([1.0])]}, {"x": [0, tensor([2.0])]}, "value", "['x'][1]", "result['x'][1] at [0] is 2, expected 1"),
    (tensor(np.zeros(2000)), tensor(np.ones(2000)), "value", "", "the result at [0] is 1, expected 0; 2,000 of 2,000 values differ"),
]  # fmt: skip


@pytest.mark.parametrize(("want", "got", "aspect", "path", "sentence"), SAID, ids=[row[-1] for row in SAID])
def test_what_is_said_of_a_difference(want: Tree, got: Tree, aspect: str, path: str, sentence: str) -> None:
    assert difference(want, got) == (aspect, path, sentence)


def test_every_aspect_has_an_example() -> None:
    assert {row[2] for row in SAID} == {*get_args(Aspect)}


def test_all_but_a_finite_value_is_infinitely_far() -> None:
    for want, got in [(1, 2), ("a", "b"), (1.0, None), (1.0, NAN), (INF, 1.0), ([1], []), ({"a": 1}, {"b": 1})]:
        assert compare(want, got, {}).distance == INF
    for one, other in [([1, 2], [1, 3]), ([1, 2], [1]), ([True], [False])]:
        assert compare(tensor(one, "int64"), tensor(other, "int64"), {}).distance == INF
    assert compare(tensor([INF, 1]), tensor([1, 1.0]), {}).distance == INF


def test_long_texts_are_shown_from_where_they_part() -> None:
    same = "abcdefghij" * 10
    _, _, sentence = difference(same + "left", same + "right")
    assert sentence == "the result is '…abcdefghijabcdefghijright', expected '…abcdefghijabcdefghijleft'"
    _, _, sentence = difference(same, same + "!")
    assert sentence == "the result is '…abcdefghijabcdefghij!', expected '…abcdefghijabcdefghij'"
    _, _, sentence = difference("x" * 40 + "a", "x" * 40 + "b")
    assert sentence == f"the result is '{'x' * 40}b', expected '{'x' * 40}a'"
    _, _, sentence = difference("x" * 41 + "a", "x" * 41 + "b")
    assert sentence == f"the result is '…{'x' * 20}b', expected '…{'x' * 20}a'"
    _, _, sentence = difference("a" * 60, "b" * 61)
    assert sentence == f"the result is '{'b' * 57}…', expected '{'a' * 60}'"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "the bool True"),
        (-0.0, "the float 0"),
        (0.123456789, "the float 0.123457"),
        (NAN, "the float nan"),
        ("text", "the str 'text'"),
        ([1, 2], "a list of 2"),
        ((), "a tuple of 0"),
        ({"a": 1}, "a dict of 1"),
        (tensor([[1.0, 2]]), "a float32 tensor of shape [1, 2]"),
        (tensor(1, "int64"), "an int64 tensor of shape []"),
        (tensor([1], "uint8", kind="array"), "a uint8 NumPy array of shape [1]"),
    ],
    ids=repr,
)
def test_values_in_words(value: Tree, words: str) -> None:
    assert describe(value) == words


# --- order ---------------------------------------------------------------------------------------------------------------


def test_a_leaf_is_held_to_its_type_first_then_shape_then_finite_then_value() -> None:
    want = tensor([[1.0, 2.0]])
    assert difference(want, tensor([3, 4, 5], "int64"))[0] == "type"
    assert difference(want, tensor([3, NAN, 5]))[0] == "shape"
    assert difference(want, tensor([[3, NAN]]))[0] == "finite"
    assert difference(want, tensor([[3, 2.0]]))[0] == "value"


def test_the_first_leaf_that_differs_is_named_in_the_order_of_the_reference() -> None:
    want: Tree = {"a": 1.0, "b": [tensor([1.0]), "x"], "c": 3}
    assert difference(want, {"c": None, "b": [None, "x"], "a": 1.0})[1] == "['b'][0]"
    assert difference(want, {"c": None, "b": [None, "x"], "a": 2.0})[1] == "['a']"
    assert difference(want, {"c": 3, "b": [tensor([1.0]), "y"], "a": 1.0})[1] == "['b'][1]"


def test_the_worst_place_of_a_leaf_is_named_and_all_wrong_ones_counted() -> None:
    want, got = np.zeros((3, 4, 5)), np.zeros((3, 4, 5))
    got[0, 1, 2], got[2, 3, 1], got[1, 0, 0] = 1, -3, 2
    sentence = difference(tensor(want), tensor(got))[2]
    assert sentence == "the result at [2, 3, 1] is -3, expected 0; 3 of 60 values differ"


def test_the_distance_is_the_largest_of_all_leaves_up_to_the_first_that_differs() -> None:
    want: Tree = [1.0, 1.0, 1.0, 1.0]
    assert compare(want, [1 + 1.5e-5, 1 + 3e-6, 1.0, 1.0], {}).distance == pytest.approx(0.5)
    assert compare(want, [1.0, 1 + 1.5e-5, 1 + 6e-4, 1 + 9e-4], {}).distance == pytest.approx(20)
    assert compare(tensor([1.0, 1]), tensor([1 + 1.5e-5, 1 - 2.4e-5], "float64"), {}).distance == pytest.approx(0.8)


# --- tolerance -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("as_leaf", [float, lambda value: tensor([0.0, value], "float64")], ids=["float", "tensor"])
@pytest.mark.parametrize(
    ("value", "noise", "allowed"),
    [
        (2.0, 0.0, 6e-5),  # a share of the scale
        (-2.0, 0.0, 6e-5),
        (2.0, 1e-9, 6e-5),  # noise below that
        (2.0, 0.1, 1.0),  # ten times the noise
        (0.0, 0.0, 1e-7),  # where there is no scale
        (1e-3, 0.0, 1e-7),
        (1e-2, 0.0, 3e-7),
        (0.0, 1e-3, 1e-2),
    ],
)
def test_a_value_may_be_off_by_noise_share_or_floor(
    value: float, noise: float, allowed: float, as_leaf: Any, sign: int
) -> None:
    for share in (0.5, 0.999, 1.001, 2.0):
        found = compare(as_leaf(value), as_leaf(value + sign * share * allowed), {"": noise})
        assert found.same == (share < 1)
        assert found.distance == pytest.approx(share, rel=1e-6)


def test_the_boundary_itself_passes() -> None:
    """Exactly representable: ten times a noise of 1/16."""
    assert passes(0.0, 0.625, {"": 0.0625})
    assert not passes(0.0, 0.625 + STEP, {"": 0.0625})
    assert passes(tensor([0.0, 0.0]), tensor([0.625, 0.0], "float64"), {"": 0.0625})


def test_noise_is_of_its_own_leaf() -> None:
    want, got = {"a": 0.0, "b": 0.0}, {"a": 0.5, "b": 0.5}
    assert difference(want, got, {"['a']": 1.0})[1] == "['b']"
    assert difference(want, got, {"['b']": 1.0, "": 1.0})[1] == "['a']"
    assert passes(want, got, {"['a']": 1.0, "['b']": 1.0})
    assert difference([tensor([0.0])], [tensor([0.5])], {"": 1.0})[1] == "[0]"


def test_the_scale_is_that_of_the_reference_and_of_its_finite_values() -> None:
    assert difference(1.0, 1000.0)[0] == "value"
    assert not passes(tensor([INF, 1.0, 2.0]), tensor([INF, 1.0, 2.001]))
    assert passes(tensor([-INF, 1.0, 2.0]), tensor([-INF, 1.00005, 2.0], "float64"))
    assert not passes(tensor([-INF, 1.0, 2.0]), tensor([-INF, 1.00007, 2.0], "float64"))


@given(st.data(), st.sampled_from([0.0, 1e-9, 1e-3, 10.0]), st.sampled_from([-1, 1]))
@fast
def test_half_a_tolerance_passes_and_two_fail_whatever_the_leaf(data: st.DataObject, noise: float, sign: int) -> None:
    small = st.floats(-9e3, 9e3)  # so no fill value, whose tests are below
    want: Any = data.draw(small | float_arrays(shapes.filter(lambda shape: 0 not in shape), small))
    values = np.asarray(want.values if isinstance(want, Array) else want, np.float64)
    allowed = max(10 * noise, 3e-5 * np.abs(values).max(), 1e-7)
    place = tuple(data.draw(st.integers(0, size - 1)) for size in values.shape)

    def off(share: float) -> Tree:
        got = values.copy()
        got[place] += sign * share * allowed
        return tensor(got, "float64", want.kind) if isinstance(want, Array) else float(got)

    path = data.draw(st.sampled_from(["", "['x'][1]"]))

    def put(leaf: Tree) -> Tree:
        return {"x": ["text", leaf], "y": 1} if path else leaf

    assert passes(put(want), put(off(0.5)), {path: noise})
    assert difference(put(want), put(off(2)), {path: noise})[:2] == ("value", path)
    assert compare(put(want), put(off(2)), {path: noise}).distance == pytest.approx(2, rel=1e-3)


@given(float_arrays(), st.floats(0, 1e3))
@fast
def test_tolerances_have_the_leaf_s_shape_and_are_not_zero(leaf: Array, noise: float) -> None:
    allowed = tolerance(leaf.values, noise)
    assert allowed.shape == leaf.shape
    assert (allowed >= max(10 * noise, 1e-7)).all()


# --- fill values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", [-1e9, 1e9, -1e5, float(np.finfo("float32").min), -65504.0])
def test_values_beside_a_fill_value_are_held_to_their_own_scale(fill: float) -> None:
    """Today's masks: -1e9, -1e5, the smallest number of a type."""
    want = tensor([[fill, 3.0], [fill, -2.0]], "float64")
    assert tolerance(want.values, 0.0) == pytest.approx(np.array([[3e-5 * abs(fill), 9e-5]] * 2))
    assert passes(want, tensor([[fill, 3 + 8e-5], [fill, -2 - 8e-5]], "float64"))
    sentence = difference(want, tensor([[fill, 3.0], [fill, -2.001]], "float64"))[2]
    assert sentence == "the result at [1, 1] is -2.001, expected -2; 1 of 4 values differ"


def test_a_fill_value_itself_is_held_to_its_own_size() -> None:
    want = tensor([-1e9, 3.0], "float64")
    assert passes(want, tensor([-1e9 + 2.9e4, 3.0], "float64"))
    assert difference(want, tensor([-1e9 + 3.1e4, 3.0], "float64"))[0] == "value"
    # The distance is in each place's own tolerance, and so is the worst place.
    found = compare(want, tensor([-1e9 + 6e4, 3 + 9e-4], "float64"), {})
    assert found.distance == pytest.approx(10)
    assert found.difference is not None and "at [1] is 3.0009" in found.difference.sentence


def test_noise_that_was_measured_counts_beside_a_fill_value_too() -> None:
    want, got = tensor([-1e9, 3.0]), tensor([-1e9, 3.5])
    assert not passes(want, got)
    assert passes(want, got, {"": 0.06})


#: How far the small values of a leaf may be off says whether the large one counts as a fill value.
@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([-1e9, 3.0], 3.0),
        ([1e9, 1e9, -3.0, 2.0], 3.0),
        ([1e4, 10.0], 10.0),  # just large enough, and just a thousand times
        ([-1e4, 10.0, 0.0], 10.0),
        ([1e4 - 1, 1.0], 1e4 - 1),  # too small
        ([1e4, 10.001], 1e4),  # not a thousand times
        ([1e9, 1e9 + 64, 3.0], 1e9 + 64),  # two numbers
        ([1e9, -1e9, 3.0], 1e9),  # two signs
        ([-1e9, 0.0], 1e9),  # nothing beside it that has a scale
        ([-1e9, -1e9], 1e9),
        ([-1e9], 1e9),
        ([-1e9, INF, 3.0], 3.0),  # infinities are no numbers
        ([-INF, 3.0], 3.0),
        ([-INF, NAN], 0.0),
        ([NAN, -1e9, 3.0], 3.0),
        ([], 0.0),
        ([0.0], 0.0),
    ],
)
def test_what_counts_as_a_fill_value(values: list[float], scale: float) -> None:
    assert scale_of(np.array(values)) == scale
    if len(values) > 1 and math.isfinite(values[-1]):
        assert tolerance(np.array(values), 0.0)[-1] == pytest.approx(max(3e-5 * scale, 1e-7))


def test_one_number_has_no_fill_value() -> None:
    assert tolerance(np.asarray(-1e9), 0.0) == pytest.approx(3e4)
    assert passes(-1e9, -1e9 + 1e4) and not passes(-1e9, -1e9 + 4e4)


@given(st.data(), st.sampled_from([-1e9, 1e30, -1e5]))
@fast
def test_a_fill_value_changes_nothing_for_what_is_beside_it(data: st.DataObject, fill: float) -> None:
    small = data.draw(st.lists(st.floats(-50, 50), min_size=1, max_size=6).filter(any))
    got = [value + data.draw(st.sampled_from([0, 1e-6, -1e-3, 1])) for value in small]
    masked = data.draw(st.lists(st.booleans(), min_size=1, max_size=4))
    alone = compare(tensor(small, "float64"), tensor(got, "float64"), {})
    beside = compare(
        tensor(small + [fill for _ in masked], "float64"), tensor(got + [fill for _ in masked], "float64"), {}
    )
    assert alone.same == beside.same and alone.distance == beside.distance


# --- NaN -----------------------------------------------------------------------------------------------------------------


def test_nan_equals_nothing_in_a_grade() -> None:
    for want, got in [(NAN, NAN), (NAN, 1.0), (1.0, NAN), (NAN, INF)]:
        assert not passes(want, got)
        assert not passes(tensor(want), tensor(got))
        assert not passes(tensor([0.0, want]), tensor([0.0, got]))


def test_a_known_mistake_s_nan_equals_itself() -> None:
    def same(want: Tree, got: Tree) -> bool:
        return compare(want, got, {}, nan_equal=True).same

    assert same(NAN, NAN) and same(tensor(NAN), tensor(NAN)) and same([tensor([NAN, 1])], [tensor([NAN, 1])])
    assert not same(NAN, 1.0) and not same(1.0, NAN)
    assert not same(tensor([NAN, 1]), tensor([1, NAN])) and not same(tensor([NAN, 1]), tensor([NAN, 2]))
    assert compare(tensor([NAN, 1]), tensor([NAN, 1]), {}, nan_equal=True).distance == 0
    with pytest.raises(TypeError):  # never by the place of an argument
        compare(NAN, NAN, {}, True)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        (NAN, "the result is nan"),
        (tensor(NAN), "the result is nan"),
        (tensor([NAN]), "the result holds nan at [0]"),
        ({"a": 1.0, "faithfulness": NAN}, "result['faithfulness'] is nan"),
        ([1, (tensor([[0, 1], [NAN, NAN]]),)], "result[1][0] holds nan at [1, 0] (2 of 4 values)"),
        ([NAN, tensor([NAN])], "result[0] is nan"),
        (1.0, None),
        (INF, None),
        ("nan", None),
        (None, None),
        (True, None),
        (tensor([INF, -INF, 0.0]), None),
        (tensor([], "float32"), None),
        (tensor([1, 2], "int64"), None),
        ({"a": [(), {}]}, None),
    ],
    ids=repr,
)
def test_a_reference_that_is_unusable_says_where(reference: Tree, sentence: str | None) -> None:
    assert unusable(reference) == sentence


@given(wild_trees)
@fast
def test_a_reference_is_usable_where_it_passes_itself(tree: Tree) -> None:
    assert (unusable(tree) is None) == passes(tree, tree)


# --- properties ----------------------------------------------------------------------------------------------------------


@given(trees, st.floats(0, 1e3))
@fast
def test_everything_equals_itself(tree: Tree, noise: float) -> None:
    assert compare(tree, tree, {"": noise}) == compare(tree, tree, {})
    assert compare(tree, tree, {}).same and compare(tree, tree, {}).distance == 0


@given(wild_trees)
@fast
def test_everything_equals_itself_where_nan_does(tree: Tree) -> None:
    found = compare(tree, tree, {}, nan_equal=True)
    assert found.same and found.distance == 0


@given(wild_trees, wild_trees, st.booleans())
@fast
@example(tensor([1e308], "float64"), tensor([-1e308], "float64"), False)
@example(tensor([INF]), tensor([NAN]), True)
def test_any_two_trees_can_be_compared(one: Tree, other: Tree, nan_equal: bool) -> None:
    found = compare(one, other, {}, nan_equal=nan_equal)
    assert found.same == (found.distance <= 1)
    if found.difference is not None:
        where = f"result{found.difference.path}" if found.difference.path else "the result"
        assert found.difference.sentence.startswith(f"{where} ")
        found.difference.sentence.encode()


@given(trees, trees)
@fast
def test_a_difference_inside_is_the_same_difference_deeper(one: Tree, other: Tree) -> None:
    inner, outer = compare(one, other, {}), compare({"k": (0, one)}, {"k": (0, other)}, {})
    assert inner.same == outer.same and inner.distance == outer.distance
    if inner.difference is not None and outer.difference is not None:
        assert outer.difference.path == f"['k'][1]{inner.difference.path}"
        assert outer.difference.aspect == inner.difference.aspect
        whole = "the result" if not inner.difference.path else "result"
        assert outer.difference.sentence == inner.difference.sentence.replace(whole, "result['k'][1]", 1)


@given(st.data())
@fast
def test_rows_in_another_order_differ_and_put_back_are_equal(data: st.DataObject) -> None:
    rows = np.arange(12.0).reshape(4, 3)
    order = data.draw(st.permutations(range(4)))
    assert passes(tensor(rows), tensor(rows[order])) == (order == sorted(order))
    assert passes(tensor(rows[order]), tensor(rows[order]))


@given(float_arrays(), st.sampled_from([*FLOATS]))
@fast
def test_another_floating_type_is_no_difference_by_itself(leaf: Array, name: str) -> None:
    with np.errstate(over="ignore"):
        there = leaf.values.astype(FLOATS[name])
    if np.array_equal(there, leaf.values):
        assert passes(leaf, Array(there, name, kind=leaf.kind))


# --- noise ---------------------------------------------------------------------------------------------------------------


def test_noise_is_the_largest_deviation_of_each_floating_leaf() -> None:
    one: Tree = {"a": tensor([1.0, 2.0]), "b": [1.0, 3, "x"], "c": tensor([1], "int64"), "d": tensor([]), "e": INF}
    other: Tree = {"a": tensor([1.5, 1.75]), "b": [0.75, 3, "x"], "c": tensor([1], "int64"), "d": tensor([]), "e": INF}
    assert noise_between(one, other) == {"['a']": 0.5, "['b'][0]": 0.25, "['d']": 0.0, "['e']": 0.0}
    assert noise_between(tensor([INF, -INF, 1]), tensor([INF, -INF, 1.5])) == {"": 0.5}
    assert noise_between(1.0, 2) == {"": 1.0}
    assert noise_between(tensor([6e4], "float16"), tensor([-6e4], "float16")) == {"": 120_000.0}  # no number of float16


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        (1.0, "x", "the result is the str 'x', expected the float 1"),
        ([1.0], [1.0, 2.0], "the result has 2 entries, expected 1"),
        (tensor([1.0]), tensor([[1.0]]), "the result has shape [1, 1], expected [1]"),
        (tensor([1], "int64"), tensor([2], "int64"), "the result at [0] is 2, expected 1"),
        ({"a": 1}, {"a": 2}, "result['a'] is 2, expected 1"),
        ("a", "b", "the result is 'b', expected 'a'"),
        (NAN, NAN, "the result is not finite"),
        (1.0, NAN, "the result is not finite"),
        (INF, -INF, "the result is not finite"),
        ([tensor([1.0, NAN])], [tensor([1.0, NAN])], "result[0] is not finite"),
        (tensor([1.0, INF]), tensor([1.0, 2.0]), "the result is not finite"),
        (tensor([1.0, 2.0]), tensor([1.0, -INF]), "the result is not finite"),
        (tensor([INF]), tensor([-INF]), "the result is not finite"),
    ],
    ids=repr,
)
def test_runs_that_differ_in_more_than_rounding_have_no_noise(one: Tree, other: Tree, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        noise_between(one, other)
    assert str(caught.value) == sentence


@given(st.data(), nested(numbers | float_arrays(shapes)))
@fast
def test_a_run_passes_with_the_noise_that_it_was_measured_by(data: st.DataObject, one: Tree) -> None:
    def shaken(tree: Tree) -> Tree:
        if isinstance(tree, dict):
            return {key: shaken(value) for key, value in tree.items()}
        if isinstance(tree, list | tuple):
            return [shaken(item) for item in tree]
        by = data.draw(st.floats(-1e3, 1e3))
        if isinstance(tree, Array):
            signs = np.where(np.arange(tree.values.size).reshape(tree.shape) % 2, by, -by)
            return Array(tree.values.astype(np.float64) + signs, "float64", kind="tensor")
        assert isinstance(tree, float)
        return tree + by

    other = shaken(one)
    found = compare(one, other, noise_between(one, other))
    assert found.same and found.distance <= 0.1 + 1e-9


def test_what_was_found_stays_as_it_is() -> None:
    found = compare(1, 2, {})
    for value, field in [(found, "difference"), (found, "distance"), (found.difference, "sentence")]:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field, None)
