"""What relates a learner's data to the reference's: found where it holds, and never said where it could be chance."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from core_pairs import EXERCISE, GRADER, SOURCES, Numbers, numbers, pair, said, tensor
from hypothesis import given, settings
from hypothesis import strategies as st

from mechgrade.grading.calls import Call
from mechgrade.grading.compare import RELATIVE
from mechgrade.grading.diagnose import Judged
from mechgrade.grading.recordings import Run
from mechgrade.grading.relations import Pair, Sources, relate, relation
from mechgrade.grading.relations.leaves import Leaf
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Array, Tree


def softmax(x: Numbers, axis: int) -> Numbers:
    powers = np.exp(x - x.max(axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis, keepdims=True))


# --- what is found -------------------------------------------------------------------------------------------------------

FOUND: dict[str, tuple[Callable[[Numbers], Numbers], str]] = {
    "swapped": (
        lambda x: x.transpose(0, 2, 1),
        "Your numbers are the expected ones with the axes `head` and `query` swapped.",
    ),
    "turned": (lambda x: x.transpose(2, 0, 1), "with their axes in the order `query`, `layer`, `head`."),
    "sign": (lambda x: -x, "Each of your values has the opposite sign of the expected one."),
    "absolute": (np.abs, "Each of your values is the absolute value of the expected one."),
    "squared": (np.square, "is the square of the expected one."),
    "exponential": (np.exp, "is `exp` of the expected one: is a logarithm missing?"),
    "complement": (lambda x: 1 - x, "is 1 minus the expected one."),
    "reciprocal": (lambda x: 1 / x, "is 1 divided by the expected one."),
    "clipped": (
        lambda x: np.maximum(x, 0),
        "Your numbers are 0 wherever the expected one is negative, and right everywhere else.",
    ),
    "bounded": (
        lambda x: np.minimum(x, 0.5),
        "are 0.5 wherever the expected one is above that, and right everywhere else.",
    ),
    "rounded": (lambda x: np.round(x, 1), "are the expected ones, rounded to 1 digits after the point."),
    "factor": (lambda x: 2.5 * x, "Each of your values is 2.5 times the expected one."),
    "half": (lambda x: x / 2, "Each of your values is half the expected one."),
    "base 2": (lambda x: x / np.log(2), "is the expected one divided by ln 2, as if it were in bits."),
    "offset": (lambda x: x + 3, "Each of your values is 3 more than expected."),
    "rescaled": (
        lambda x: (x - x.min()) / np.ptp(x),
        "on another scale: they are the expected ones times one number, plus another.",
    ),
    "by head": (
        lambda x: x * np.arange(2, x.shape[1] + 2)[:, None],
        "multiplied by a factor that depends on `head` alone.",
    ),
    "by query": (lambda x: x + np.arange(1, x.shape[2] + 1), "moved by an amount that depends on `query` alone."),
    "all but query": (
        lambda x: x * x.max(2, keepdims=True),
        "multiplied by a factor that is the same all along `query`.",
    ),
    "reversed": (lambda x: x[:, ::-1], "are the expected ones in reversed order along `head`."),
    "rolled": (lambda x: np.roll(x, 1, 2), "moved on by one place along `query`, and the last comes first."),
    "late": (lambda x: np.concatenate([0 * x[..., :1], x[..., :-1]], 2), "one place too late along `query`."),
    "early": (lambda x: np.concatenate([x[:, 1:], 9 * x[:, :1]], 1), "one place too early along `head`."),
    "slices": (lambda x: x[:, [1, 0, 3, 2, *range(4, x.shape[1])]], "in another order along `head`."),
    "anywhere": (lambda x: np.flip(x.reshape(-1)).reshape(x.shape), "are the right ones, but in wrong places."),
    "first missing": (lambda x: x[1:], "are right, but the first entry along `layer` is missing."),
    "last missing": (lambda x: x[..., :-1], "are right, but the last entry along `query` is missing."),
    "one more": (lambda x: np.concatenate([x, x[:1]], 0), "there is one entry too many along `layer`: the last one."),
    "leading": (lambda x: x[None], "there is one axis too many: the first one, of size 1."),
    "trailing": (lambda x: x[..., None], "there is one axis too many: the last one, of size 1."),
    "flat": (lambda x: x.reshape(-1), "are right and in the right order, but in another shape."),
    "mean": (lambda x: x.mean(1), "are the mean of the expected ones over the axis `head`. Keep this axis."),
    "sum": (lambda x: x.sum(0, keepdims=True), "are the sum of the expected ones over the axis `layer`."),
    "spread": (
        lambda x: 0 * x + x.mean(2, keepdims=True),
        "are all the same along the axis `query`: the mean of the expected ones.",
    ),
    "first for all": (
        lambda x: 0 * x + x[:, :1],
        "are the same all along the axis `head`: what is expected at its first index.",
    ),
    "last alone": (lambda x: x[..., -1], "are right for the last index of the axis `query` alone. Keep this axis."),
    "where negative": (
        lambda x: np.where(x < 0, x**3 - 1, x),
        "are wrong exactly where the expected one is negative, and right everywhere else.",
    ),
    "softmax": (lambda x: softmax(x, 1), "are a softmax of the expected ones along `head`."),
    "length": (
        lambda x: x / np.linalg.norm(x, axis=2, keepdims=True),
        "the expected ones, divided by their length along `query`.",
    ),
    "running": (lambda x: x.cumsum(0), "are the running sum of the expected ones along `layer`."),
    "constant": (lambda x: 0 * x + 7, "Each of your values is 7."),
    "zeros": (lambda x: 0 * x, "Each of your values is 0."),
    "only the first": (
        lambda x: np.concatenate([x[:, :1], x[:, 1:] ** 3], 1),
        "are right at index 0 of `head`, and wrong at all others.",
    ),
    "only the last": (
        lambda x: np.concatenate([x[:, :-1] ** 3, x[:, -1:]], 1),
        "are right at the last index of `head`, and wrong",
    ),
    "but the first": (
        lambda x: np.concatenate([x[..., :1] ** 3, x[..., 1:]], 2),
        "are wrong at index 0 of `query`, and right at all",
    ),
    "never filled": (
        lambda x: np.where(np.abs(x) > 1, 0, x),
        "Your numbers are 0 where they are wrong, and right everywhere else.",
    ),
}


@pytest.mark.parametrize("name", FOUND)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_relation_is_found_and_named(name: str, seed: int) -> None:
    change, text = FOUND[name]
    shapes = [(3, 5, 4), (2, 6, 7)]
    wants = [numbers(seed + place, *shape) for place, shape in enumerate(shapes)]
    sentence = said(*(pair(want, change(want)) for want in wants))
    assert sentence is not None
    assert text in sentence


#: what makes the expected numbers of a learner's, and what is said then
MISSING: dict[str, tuple[Callable[[Numbers], Numbers], str]] = {
    "softmax": (lambda x: softmax(x, 2), "What is expected is a softmax of your numbers along `query`."),
    "sum": (
        lambda x: x / x.sum(1, keepdims=True),
        "What is expected is your numbers, divided by their sum along `head`.",
    ),
    "mean": (
        lambda x: x - x.mean(0, keepdims=True),
        "What is expected is your numbers, less their mean along `layer`.",
    ),
    "clipping": (lambda x: np.maximum(x, 0), "Your numbers are negative in some places where 0 is expected, and right"),
    "magnitude": (np.abs, "The expected values are the absolute values of yours."),
    "logarithm": (np.exp, "Each of your values is the natural logarithm of the expected one."),
}


@pytest.mark.parametrize("name", MISSING)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_step_that_is_missing_is_found(name: str, seed: int) -> None:
    step, text = MISSING[name]
    gots = [numbers(seed, 3, 5, 4), numbers(seed + 1, 2, 6, 7)]
    if name == "sum":  # of both signs, it could be near 0
        gots = [np.abs(got) for got in gots]
    sentence = said(*(pair(step(got), got) for got in gots))
    assert sentence is not None and text in sentence


def test_one_axis_too_many_is_one_that_was_not_reduced() -> None:
    gots = [numbers(seed, 3, 4, 5, 2) for seed in range(2)]
    sentence = said(*(pair(got.mean(1), got) for got in gots))
    assert sentence == "Your numbers have one axis too many: the mean over axis 1 (counted from 0) is what is expected."


def test_one_axis_too_many_is_one_of_which_an_end_is_expected() -> None:
    gots = [numbers(seed, 3, 4, 5, 2) for seed in range(2)]
    sentence = said(*(pair(got[..., -1], got) for got in gots))
    assert sentence == "Your numbers have one axis too many: the last index of the last axis is what is expected."
    sentence = said(*(pair(got[:, 0], got) for got in gots))
    assert sentence == (
        "Your numbers have one axis too many: the first index of axis 1 (counted from 0) is what is expected."
    )


def test_a_factor_that_is_a_size_is_named_where_the_size_varies() -> None:
    wants = [numbers(seed, 2, 3, 6) for seed in range(3)]
    varied = [pair(want, want * size, batch=size, seed=5) for want, size in zip(wants, (3, 5, 4), strict=True)]
    expected = "Each of your values is the expected one times `batch`: do you sum where a mean is asked for?"
    assert said(*varied) == expected
    mixed = [pair(want, want / size, **{name: size}) for want, size, name in zip(wants, (3, 5, 4), "aba", strict=True)]
    assert said(*mixed) == said(*(pair(want, want * size) for want, size in zip(wants, (3, 5, 4), strict=True)))
    fixed = [pair(want, want * 4, batch=4, other=7) for want in wants]
    assert said(*fixed) == (
        "Each of your values is 4 times the expected one, and 4 is the size of `batch`: do you sum where a mean is asked for?"
    )
    both = [pair(want, want * 4, batch=4, other=4) for want in wants]
    assert said(*both) == "Each of your values is 4 times the expected one."


def test_axes_without_names_are_told_by_their_places() -> None:
    want = numbers(1, 3, 4, 5)
    assert relate([pair(want, want[:, ::-1])], Sources(GRADER, "")) == (
        "Your numbers are the expected ones in reversed order along axis 1 (counted from 0)."
    )
    assert relate([pair(want[0], want[0].T)]) == (
        "The numbers computed from your result are the expected ones with rows and columns swapped."
    )


def test_a_part_of_the_result_is_named() -> None:
    one, other = numbers(1, 6), numbers(2, 6)
    run = pair({"one": tensor(one), "other": tensor(other)}, {"one": tensor(one), "other": tensor(-other)}, "of_parts")
    assert said(run) == "In `other`, each of your values has the opposite sign of the expected one."
    exchanged = pair(
        {"one": tensor(one), "other": tensor(other)}, {"one": tensor(other), "other": tensor(one)}, "of_parts"
    )
    assert said(exchanged) == "`one` and `other` are exchanged."
    copied = pair({"one": tensor(one), "other": tensor(other)}, {"one": tensor(one), "other": tensor(one)}, "of_parts")
    assert said(copied) == "`other` is what `one` should be."


def test_numbers_that_follow_from_the_result_need_no_relation_of_their_own() -> None:
    want = numbers(1, 3, 4, 5)
    direct = pair(want, want.transpose(0, 2, 1))
    sums = pair(
        {"sums": tensor(want.sum(0)), "ready": True}, {"sums": tensor(want.sum(1).T), "ready": True}, "computed"
    )
    assert "`head` and `query` swapped" in str(said(direct, sums))
    assert said(direct, pair({"sums": 1.0}, {"sums": 2.0}, "unknown")) is None


# --- lists, texts, whole numbers -----------------------------------------------------------------------------------------

PLACES: list[Tree] = [(0, 1, 0.75), (0, 3, 0.5), (1, 2, 0.25), (2, 0, 0.125), (2, 1, 0.375)]
WORDS: list[Tree] = [" Paris", " to", "ing", " Mary"]


@pytest.mark.parametrize(
    ("want", "got", "sentence"),
    [
        (PLACES, PLACES[::-1], "Your list has the right entries in reversed order."),
        (PLACES, [PLACES[2], *PLACES[:2], *PLACES[3:]], "Your list has the right entries, but in another order."),
        (PLACES[:2], PLACES[1::-1], "Your list has the right entries, but in another order."),
        (PLACES, PLACES[1:], "Your list is right, but its first entry is missing."),
        (PLACES, PLACES[:-1], "Your list is right, but its last entry is missing."),
        (PLACES[1:], PLACES, "Your list is right, but one entry too many stands at its start."),
        (PLACES, PLACES[::2], "All entries of your list are right, but some are missing."),
        (PLACES[::2], PLACES, "Your list has all the right entries, but others too."),
        ([*WORDS, *WORDS], WORDS, "Your list lacks what occurs again: each entry is in it once."),
        (
            WORDS,
            [str(word).strip() for word in WORDS],
            "Your texts are the expected ones without the spaces at their start.",
        ),
        (WORDS, [f"{word}." for word in WORDS], "Your texts begin with the expected ones, and go on."),
        (
            PLACES,
            [(head, layer, share) for layer, head, share in PLACES],  # type: ignore[misc]
            "The first part and the second part are exchanged in each entry of your list.",
        ),
        (
            [(layer, 2 * layer + 3) for layer in range(6)],
            [(layer, 2 * layer + 4) for layer in range(6)],
            # six numbers in all: too few to say what they are
            "On these inputs only the second part of each entry of your list is wrong: all else that was compared is right.",
        ),
        (
            [(layer, 2 * layer + 3) for layer in range(10)],
            [(layer, 2 * layer + 4) for layer in range(10)],
            "In the second part of each entry of your list, each of your values is the expected one plus 1.",
        ),
    ],
)
def test_lists(want: Tree, got: Tree, sentence: str | None) -> None:
    assert said(pair(want, got)) == sentence


def test_a_list_that_grows_from_call_to_call() -> None:
    runs = [pair(PLACES[:2], PLACES[:2]), pair(PLACES[2:4], PLACES[:4]), pair(PLACES[4:], PLACES)]
    assert said(*runs) == "Your list still holds the entries of earlier calls: do you keep something between calls?"
    assert said(*runs[:2]) != said(*runs), "once could be something else"


def test_positions_that_are_counted_from_one() -> None:
    want = np.arange(20) * 3 % 17
    assert said(pair(want, want + 1)) == "Each of your values is the expected one plus 1."
    assert said(pair(want, want + 7)) is None, "any other number is more likely a matter of what the numbers stand for"


# --- calls ---------------------------------------------------------------------------------------------------------------


def test_an_input_that_tells_the_right_calls_from_the_wrong_ones() -> None:
    def run(seed: int, how: str, right: bool, **inputs: Any) -> Pair:
        want = numbers(seed, 2, 3, 4)
        return pair(want, want if right else numbers(seed + 50, 2, 3, 4), how=how, **inputs)

    right = [run(seed, "zero", True) for seed in range(3)]
    wrong = [run(seed, "mean", False) for seed in range(3, 6)]
    assert said(*right, *wrong) == (
        "Your result is wrong in all calls with `how='mean'`, and right in all with another `how`."
    )
    assert said(*right, wrong[0]) is None and said(*right[:2], *wrong[:2]) is None, "chance"
    assert said(*right, *wrong, run(7, "mean", True)) is None
    unknown = [
        Pair(each.reference, each.learner, {}, each.passed, "scenario", {"odd": each.inputs["how"]})
        for each in (*right, *wrong)
    ]
    assert said(*unknown) is None, "the function has no such parameter"
    none = [run(seed, how, how is None) for seed, how in enumerate([None, 0, None, -1, 4, 3])]  # type: ignore[arg-type]
    assert said(*none) == "Your result is right in all calls with `how=None`, and wrong in all with another `how`."


def test_a_number_that_is_an_input_does_not_tell_calls_apart_by_chance() -> None:
    wants = [numbers(seed, 2, 3, 4) for seed in range(6)]
    right = [pair(want, want, batch=3) for want in wants[:3]]
    wrong = [pair(want, want[::-1] ** 3, batch=5) for want in wants[3:]]
    assert said(*right, *wrong) is None


def test_what_an_earlier_call_gave_is_given_again() -> None:
    first, second, third = (numbers(seed, 2, 3, 4) for seed in range(3))
    runs = [pair(first, first, layer=0), pair(second, first, layer=1, batch=2), pair(third, first, layer=2, batch=3)]
    assert said(*runs) == "Your numbers are those of an earlier call: do you keep something between calls?"
    ignored = [pair(first, first, how="zero"), pair(second, first, how="mean")]
    assert said(*ignored) == "Your numbers do not change with `how`."


# --- what is not said ----------------------------------------------------------------------------------------------------


def drawn(kind: str, seed: int, shape: Sequence[int]) -> Numbers:
    """Random numbers of some kind."""
    draw = np.random.default_rng(seed)
    kinds: Mapping[str, Callable[[], Numbers]] = {
        "normal": lambda: draw.normal(size=shape),
        "uniform": lambda: draw.random(shape),
        "large": lambda: 1e6 * draw.normal(size=shape),
        "sparse": lambda: np.maximum(draw.normal(size=shape), 0),
        "few": lambda: draw.integers(0, 3, shape) / 2,
        "whole": lambda: draw.integers(0, 5, shape),
        "ids": lambda: draw.integers(0, 1000, shape),
        "flags": lambda: draw.random(shape) > 0.5,
    }
    return np.asarray(kinds[kind]())


#: A search by hand takes ten times as many, and new ones.
EXAMPLES = int(os.environ.get("MECHGRADE_EXAMPLES", "1000"))
KINDS = ["normal", "uniform", "large", "sparse", "few", "whole", "ids", "flags"]


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 10**9),
    shapes=st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4), min_size=1, max_size=3),
    size=st.integers(1, 4),
)
def test_nothing_is_said_of_unrelated_numbers(kind: str, seed: int, shapes: list[list[int]], size: int) -> None:
    drawings = [
        (drawn(kind, seed + 2 * place, shape), drawn(kind, seed + 2 * place + 1, shape))
        for place, shape in enumerate(shapes)
    ]
    runs = [pair(want, got, batch=size + place) for place, (want, got) in enumerate(drawings)]
    sentence = said(*runs)
    # Some things need no cause to be so. Of sparse numbers, all may be 0.
    if sentence == "Wherever your numbers are wrong, they are too large.":
        assert all((got >= want).all() for want, got in drawings)
    elif sentence == "Wherever your numbers are wrong, they are too small.":
        assert all((got <= want).all() for want, got in drawings)
    elif sentence is not None and "places along" in sentence:
        assert all((got == want).any() for want, got in drawings if (got != want).any())
    else:
        assert sentence in (None, "Each of your values is 0.")


_VALUES = st.sampled_from([0.0, 1.0, -1.0, 1 + 2e-5, 1 + 4e-5, 1e-7, 1.5e-7, -1e9, 3e5, 1e308, np.inf, -np.inf, np.nan])


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(
    values=st.lists(st.tuples(_VALUES, _VALUES), max_size=4),
    of=st.lists(_VALUES, max_size=3),
    noise=st.sampled_from([0.0, 1e-8, 1e-3]),
    whole=st.booleans(),
)
def test_a_short_way_to_tell_that_arrays_differ_says_what_the_long_one_says(
    values: list[tuple[float, float]], of: list[float], noise: float, whole: bool
) -> None:
    expected, actual = np.array(values, np.float64).reshape(-1, 2).T
    leaf = Leaf(np.array(of, np.float64), np.zeros(len(of)), noise, whole)
    assert leaf.equals(expected, actual) == leaf.agree(expected, actual).all()


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 10**9), count=st.integers(1, 5), parts=st.integers(2, 3))
def test_nothing_is_said_of_unrelated_lists(kind: str, seed: int, count: int, parts: int) -> None:
    want, got = (list(map(tuple, drawn(kind, seed + each, (count, parts)).tolist())) for each in range(2))
    sentence = said(pair(want, got), pair({"a": want, "b": got}, {"a": got, "b": got}))
    observed = ("On these inputs only", "Wherever your numbers are wrong", "In the lists that are wrong")
    assert sentence is None or sentence.startswith(observed) or sorted(want) == sorted(got)


#: claims for which one wrong number leaves nothing that is true
_FRAGILE = [
    "swapped",
    "sign",
    "squared",
    "complement",
    "factor",
    "offset",
    "reversed",
    "late",
    "mean",
    "softmax",
    "running",
]


@pytest.mark.parametrize("name", _FRAGILE)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_nothing_is_said_when_one_number_is_off(name: str, seed: int) -> None:
    change, _ = FOUND[name]
    want = numbers(seed, 3, 5, 4)
    got = np.array(change(want))
    place = tuple(np.random.default_rng(seed).integers(1, np.array(got.shape) - 1))
    near = np.array(got)
    near[place] += 0.2 * RELATIVE * np.abs(got).max()
    assert said(pair(want, near)) is not None, "rounding"
    got[place] += 100 * RELATIVE * max(np.abs(want).max(), np.abs(got).max())
    # On one side of the expected numbers they are still.
    larger = "Wherever your numbers are wrong, they are too large."
    assert said(pair(want, got)) == (larger if name == "offset" else None)


def test_it_must_hold_in_all_that_failed_and_contradict_nothing_that_passed() -> None:
    first, second = numbers(1, 2, 3, 4), numbers(2, 2, 3, 4)
    assert said(pair(first, -first)) is not None
    assert said(pair(first, -first), pair(second, second**2)) is None
    assert said(pair(first, -first), pair(second, second)) is None
    assert said(pair(first, -first), pair(0 * second, 0 * second)) is not None, "zeros have no sign"
    assert said(pair(first, -first), pair("a", "b")) is None
    assert said(pair(first, -first), pair({"x": tensor(first)}, {"x": tensor(first), "y": 1}, "other")) is None
    assert said(pair(first, first)) is None, "nothing failed"


def test_so_few_numbers_could_be_chance() -> None:
    many = np.array([1.5, -2.0, 0.7, 3.1, -0.4])
    assert said(pair(many, 2 * many)) is not None
    assert said(pair(many[:3], 2 * many[:3])) is None
    assert said(pair(many[[0, 0, 0, 1, 1]], 2 * many[[0, 0, 0, 1, 1]])) is None, "they are the same again and again"
    assert said(pair(np.eye(4), -np.eye(4))) is None
    assert said(pair(2.5, 5.0)) is None
    assert said(*(pair(float(number), 2 * float(number)) for number in many)) is not None, "five calls are enough"
    assert said(pair(True, False)) is None
    assert said(pair(np.array([True, False] * 8), np.array([False, True] * 8))) is None
    assert said(pair(np.array([1, 2, 3]), np.array([3, 2, 1]))) is None, "tiny whole numbers"


def test_where_two_relations_say_as_much_nothing_is_said() -> None:
    """Reversed and rolled are the same of two entries."""
    want = numbers(1, 2, 1, 5)
    assert said(pair(want, want[::-1])) is None


def test_axes_of_equal_numbers_are_not_called_swapped() -> None:
    want = numbers(1, 2, 3, 3)
    want = want + want.transpose(0, 2, 1)
    assert (
        said(pair(want, -want.transpose(0, 2, 1))) == "Each of your values has the opposite sign of the expected one."
    )


def test_one_slice_of_one_call_could_be_right_by_chance() -> None:
    want = numbers(1, 2, 8, 3)
    got = np.concatenate([want[:, :1], want[:, 1:] ** 3], 1)
    assert said(pair(want, got)) is None


def test_what_was_not_compared_is_no_evidence() -> None:
    """Of two places along an axis, a shift compares one; of one place, none."""
    first, second = numbers(1, 1, 1, 2), numbers(2, 3, 4, 1)
    got = np.concatenate([first[..., 1:], first[..., :1]], 2)
    assert said(pair(first, got), pair(second, second**3)) is None
    ones = np.ones((1, 6, 1))
    assert said(pair(ones, numbers(3, 1, 6, 1))) is None, "the softmax of one number is 1, whatever it is"


def test_a_sentinel_is_no_evidence() -> None:
    """Beside -1e9 all ordinary numbers would be equal, if the tolerance were a share of the largest."""
    want, got = numbers(1, 2, 3, 4), numbers(2, 2, 3, 4)
    want[0], got[0] = -1e9, -1e9
    assert said(pair(want, got)) is None


def test_of_judged_runs() -> None:
    """What the grader hands over: runs of facts have no scenario, and one that raised is no matter of data."""
    want = numbers(1, 2, 3, 4)

    def judged(call: Call, learner: Outcome) -> Judged:
        return Judged(learner, Run(tensor(want), {}), False, lambda names: {}, call)

    turned = judged(Call("scenario", {}), Outcome("returned", tensor(want.transpose(0, 2, 1))))
    sentence = "Your numbers are the expected ones with the axes `head` and `query` swapped."
    assert relation([turned], GRADER, EXERCISE) == sentence
    assert relation([turned], GRADER, "def scores(x): ...", EXERCISE) == sentence
    assert (
        relation([turned, judged(Call("scenario", {}), Outcome("raised", error="ValueError"))], GRADER, EXERCISE)
        is None
    )
    facts = judged(Call("scenario", {}, lambda data: data), Outcome("returned", tensor(-want)))
    assert str(relation([facts], GRADER, EXERCISE)).startswith("Each of the numbers computed from your result")


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([[], [0], [2, 2], [0, 3], [1, 1, 1, 1, 1, 1]]).map(
        lambda shape: Array(np.full(shape, np.nan), "float64")
    )
    | st.lists(st.floats(), max_size=5).map(lambda values: Array(np.array(values, np.float64), "float64"))
    | st.lists(st.integers(0, 2**62), max_size=5).map(lambda values: tensor(np.array(values, np.int64))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(runs=st.lists(st.tuples(TREES, TREES, st.booleans()), min_size=1, max_size=3))
@pytest.mark.filterwarnings("error")
def test_whatever_a_learner_returns_nothing_is_raised(runs: list[tuple[Tree, Tree, bool]]) -> None:
    pairs = [Pair(want, want if same else got, {}, same, "scenario", {"batch": 2}) for want, got, same in runs]
    relate(pairs, SOURCES)
