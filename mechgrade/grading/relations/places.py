"""Relations of places: where the numbers are right and where they are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mechgrade.grading.relations.claims import Claim, Finder, axes_of, every, named, own, several
from mechgrade.grading.relations.leaves import Axis, Leaf

#: So many slices, or places, must be as the claim has it.
_SLICES = 6
#: Of two slices, one is right half the time.
_LONG = 3
_PLACES = 4
#: A row is wrong if more of it is.
_FILLED = 0.7


def _right(leaf: Leaf) -> NDArray[np.float64]:
    """The learner's numbers that are right."""
    return leaf.got[~leaf.wrong]


def _same_shape(leaves: Sequence[Leaf]) -> bool:
    return all(leaf.want.shape == leaf.got.shape and leaf.want.size for leaf in leaves)


# --- along an axis -------------------------------------------------------------------------------------------------------

_ENDS: tuple[tuple[str, int, bool], ...] = (
    ("{Numbers} are right at index 0 of {axis}, and wrong at all others.", 0, True),
    ("{Numbers} are right at the last index of {axis}, and wrong at all others.", -1, True),
    ("{Numbers} are wrong at index 0 of {axis}, and right at all others.", 0, False),
    ("{Numbers} are wrong at the last index of {axis}, and right at all others.", -1, False),
)


def ends(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """One end of an axis is right and all else wrong, or the other way round."""
    # What was computed may be a list of different things, and its ends mean nothing.
    if not _same_shape(leaves) or not (own(leaves) or all(leaf.want.ndim > 1 for leaf in leaves)):
        return
    for axis in axes_of(leaves):
        name = named(axis) if axis != (0, 1) else "the result"
        for sentence, end, right in _ENDS:
            holds = partial(_ends_differ, axis, end, right)
            enough = every(partial(_many, axis), several(2), several(3, partial(_right_slices, axis, end, right)))
            yield Claim(("ends", axis, end, right), 2, holds, sentence.replace("{axis}", name), enough)


def _ends_differ(axis: Axis, end: int, right: bool, leaf: Leaf) -> bool | None:
    number = leaf.find(axis)
    if number is None or leaf.want.shape != leaf.got.shape:
        return None if number is None else False
    if not leaf.want.shape[number]:
        return None
    slices = np.moveaxis(leaf.wrong, number, 0).reshape(leaf.want.shape[number], -1).any(1)
    pattern = np.full(leaf.want.shape[number], right)
    pattern[end] = not right
    return np.array_equal(slices, pattern)


def _right_slices(axis: Axis, end: int, right: bool, leaf: Leaf) -> NDArray[np.float64]:
    number = leaf.find(axis)
    assert number is not None
    got = np.moveaxis(leaf.got, number, 0)
    return got[end] if right else np.delete(got, end, 0)


def _many(axis: Axis, leaves: Sequence[Leaf]) -> bool:
    """Whether there are enough slices, in more than one call: in one, the slice that is right could be any."""
    sizes = [(leaf.call, leaf.want.shape[number]) for leaf in leaves if (number := leaf.find(axis)) is not None]
    long = {call for call, size in sizes if size >= _LONG}
    return len(long) > 1 and sum(size for _, size in sizes) >= _SLICES


def few_rows(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """All that is wrong lies in few rows along one axis, and fills them."""
    if not _same_shape(leaves) or not own(leaves) or any(leaf.want.ndim < 2 for leaf in leaves):
        return
    for axis in axes_of(leaves):
        sizes = [len(_rows(axis, leaf)) for leaf in leaves]
        first = _rows(axis, leaves[0])
        place, count = int(np.argmax(first > 0)), int((first > 0).sum())
        # A place along an axis is a row only where the axis is the first of two.
        row = f"only {count} of {sizes[0]} places" if len(leaves) == 1 else "few places only"
        like = f"at index {place}" if len(leaves) == count == 1 else f"for example at index {place}"
        sentence = f"{{Numbers}} are wrong in {row} along {named(axis)}, {like}, and right in all others."
        yield Claim(("few rows", axis), 5, partial(_in_few_rows, axis), sentence, several(2, _right))


def _rows(axis: Axis, leaf: Leaf) -> NDArray[np.float64]:
    """The share of each row that is wrong."""
    number = leaf.find(axis)
    assert number is not None
    shares: NDArray[np.float64] = np.moveaxis(leaf.wrong, number, 0).reshape(leaf.want.shape[number], -1).mean(1)
    return shares


def _in_few_rows(axis: Axis, leaf: Leaf) -> bool | None:
    if leaf.find(axis) is None:
        return None
    if leaf.want.shape != leaf.got.shape or leaf.want.ndim < 2:
        return False
    rows = _rows(axis, leaf)
    wrong = rows[rows > 0]
    # Of rows of one number nobody knows that they are rows.
    return not wrong.size or (
        leaf.want.size > len(rows) >= max(_LONG, 2 * wrong.size) and bool((wrong > _FILLED).all())
    )


# --- in the square of the last two axes ----------------------------------------------------------------------------------

_TRIANGLES: tuple[tuple[str, Callable[[NDArray[np.bool_]], NDArray[np.bool_]]], ...] = (
    ("{Numbers} are right on and below the diagonal of the last two axes, and wrong above.", lambda a: np.triu(a, 1)),
    ("{Numbers} are right on and above the diagonal of the last two axes, and wrong below.", lambda a: np.tril(a, -1)),
    (
        "{Numbers} are wrong on the diagonal of the last two axes, and right everywhere else.",
        lambda a: a & np.eye(a.shape[-1], dtype=bool),
    ),
)


def triangles(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """All that is wrong lies on one side of the diagonal."""
    if not _same_shape(leaves) or any(leaf.want.ndim < 2 for leaf in leaves):
        return
    for sentence, part in _TRIANGLES:
        yield Claim(sentence, 2, partial(_within, part), sentence, partial(_filled, part))


def _within(part: Callable[[NDArray[np.bool_]], NDArray[np.bool_]], leaf: Leaf) -> bool | None:
    if leaf.want.ndim < 2 or leaf.want.shape[-1] != leaf.want.shape[-2] or leaf.want.shape != leaf.got.shape:
        return False
    return np.array_equal(leaf.wrong, part(np.ones(leaf.want.shape, bool)))


def _filled(part: Callable[[NDArray[np.bool_]], NDArray[np.bool_]], leaves: Sequence[Leaf]) -> bool:
    places = sum(int(leaf.wrong.sum()) for leaf in leaves)
    return places >= _PLACES and several(4, _right)(leaves)


# --- by value ------------------------------------------------------------------------------------------------------------


def by_value(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """What is wrong is where 0 is expected, or is 0 itself, or is no number."""
    if not _same_shape(leaves):
        return
    enough = every(_places, several(4, _right))
    yield Claim(
        "zeros expected",
        3,
        lambda leaf: (
            _shape(leaf) and bool((leaf.want[leaf.wrong] == 0).all()) and bool(leaf.wrong[leaf.want == 0].all())
        ),
        "{Numbers} are wrong exactly where 0 is expected, and right everywhere else.",
        enough,
    )
    yield Claim(
        "zeros given",
        3,
        lambda leaf: _shape(leaf) and bool((leaf.got[leaf.wrong] == 0).all()),
        "{Numbers} are 0 where they are wrong, and right everywhere else.",
        enough,
    )
    for word, sign in (("negative", -1), ("positive", 1)):
        yield Claim(
            ("sign expected", word),
            4,
            partial(_wrong_by_sign, sign),
            f"{{Numbers}} are wrong exactly where the expected one is {word}, and right everywhere else.",
            every(several(_SLICES, lambda leaf: leaf.want[leaf.wrong]), several(_SLICES, _right)),
        )
    for where, expected in (("0", 0.0), ("-inf", -np.inf)):
        yield Claim(
            ("no number", where),
            0,
            partial(_no_number, expected),
            f"{{Numbers}} are NaN or infinite only where {where} is expected, and right everywhere else.",
            every(lambda leaves: sum(int(leaf.wrong.sum()) for leaf in leaves) > 1, several(4, _right)),
        )
    yield Claim(
        "no number anywhere",
        3,
        lambda leaf: _shape(leaf) and not np.isfinite(leaf.got[leaf.wrong]).any(),
        "{Numbers} are NaN or infinite wherever they are wrong: look for an overflow, a division by 0 or a logarithm of 0.",
        lambda leaves: True,
    )


def _wrong_by_sign(sign: int, leaf: Leaf) -> bool:
    return _shape(leaf) and np.array_equal(leaf.wrong, leaf.want * sign > 0)


def _no_number(expected: float, leaf: Leaf) -> bool | None:
    odd = ~np.isfinite(leaf.got) & leaf.wrong
    return _shape(leaf) and np.array_equal(odd, leaf.wrong) and bool((leaf.want[odd] == expected).all())


def _shape(leaf: Leaf) -> bool:
    return leaf.want.shape == leaf.got.shape


def _places(leaves: Sequence[Leaf]) -> bool:
    return sum(int(leaf.wrong.sum()) for leaf in leaves) >= _PLACES


# --- the same everywhere -------------------------------------------------------------------------------------------------


def constant(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """One number everywhere."""
    if any(leaf.got.size < 2 for leaf in leaves):
        return
    values = [leaf.got.flat[0] for leaf in leaves]
    same = all(value == values[0] for value in values)
    value = f"{values[0] + 0.0:.4g}" if same else ""
    sentence = f"{{Each}} is {value}." if same else "{Numbers} are all equal in each call."

    def holds(leaf: Leaf) -> bool | None:
        return bool(leaf.got.size and (leaf.got == (values[0] if same else leaf.got.flat[0])).all())

    yield Claim("constant", 1, holds, sentence, several(4, lambda leaf: leaf.want))


FINDERS: tuple[Finder, ...] = (ends, few_rows, triangles, by_value, constant)
