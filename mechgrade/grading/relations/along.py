"""Relations along axes: swapped, reversed, shifted, in another order, cut off."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from mechgrade.grading.relations.claims import (
    Claim,
    Finder,
    Numbers,
    along,
    axes_of,
    becomes,
    came_from,
    expected,
    named,
    on_axis,
    own,
    several,
    the_axis,
)
from mechgrade.grading.relations.leaves import Axis, Leaf

#: Of more axes there are too many orders.
_MOST_AXES = 5
#: Of more rows it takes too long to find the one that each became.
_MOST_ROWS = 256


# --- the axes themselves -------------------------------------------------------------------------------------------------


def permuted(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """The axes in another order."""
    axes = axes_of(leaves)
    if {leaf.want.ndim for leaf in leaves} != {len(axes)} or not 2 <= len(axes) <= _MOST_AXES:
        return
    for order in itertools.permutations(range(len(axes))):
        moved = [named(axes[number]) for number, place in enumerate(order) if number != place]
        if not moved:
            continue
        if len(axes) == 2 and not all(isinstance(axis, str) for axis in axes):
            what = "with rows and columns swapped"
        elif len(moved) == 2:
            axes_word = "the axes " if all(name.startswith("`") for name in moved) else ""
            what = f"with {axes_word}{moved[0]} and {moved[1]} swapped"
        else:
            what = "with their axes in the order " + ", ".join(named(axes[place]) for place in order)
        yield becomes(("permuted", order), 0, partial(_transposed, order), f"{{Numbers}} are the expected ones {what}.")


def _transposed(order: tuple[int, ...], leaf: Leaf) -> Numbers | None:
    return leaf.want.transpose(order) if leaf.want.ndim == len(order) else None


def reshaped(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """The right numbers in another shape: an axis of size 1 is missing or too many, or something else."""
    if all(leaf.want.shape == leaf.got.shape for leaf in leaves):
        return
    enough = several(4, expected)
    for axis in axes_of(leaves):
        yield becomes(
            ("squeezed", axis),
            0,
            on_axis(axis, lambda leaf, n: leaf.want.squeeze(n) if leaf.want.shape[n] == 1 else None),
            f"{{Numbers}} are right, but {the_axis(axis)} is missing, which has size 1 here: does a `squeeze` remove it?",
            enough,
        )
    if all(leaf.want.ndim == 0 for leaf in leaves):
        sentence = "{Numbers} are right, but they have an axis of size 1, where none is expected."
        yield becomes("one too many", 0, lambda leaf: leaf.want[None], sentence, enough)
        return
    for place, extend in (("first", lambda leaf: leaf.want[None]), ("last", lambda leaf: leaf.want[..., None])):
        sentence = f"{{Numbers}} are right, but there is one axis too many: the {place} one, of size 1."
        yield becomes(("one too many", place), 0, extend, sentence, enough)
    yield becomes(
        "reshaped",
        1,
        lambda leaf: leaf.want.reshape(leaf.got.shape) if leaf.want.size == leaf.got.size else None,
        "{Numbers} are right and in the right order, but in another shape.",
        enough,
    )


# --- order along an axis -------------------------------------------------------------------------------------------------

_MOVES: tuple[tuple[str, Callable[[Numbers, int], Numbers]], ...] = (
    ("in reversed order{along}", lambda want, n: np.flip(want, n)),
    ("moved on by one place{along}, and the last comes first", lambda want, n: np.roll(want, 1, n)),
    ("moved back by one place{along}, and the first comes last", lambda want, n: np.roll(want, -1, n)),
)


def reordered(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """The same numbers along an axis: reversed, shifted, in another order."""
    for axis in axes_of(leaves):
        where = along(axis)
        for text, move in _MOVES if own(leaves) else ():
            sentence = f"{{Numbers}} are the expected ones {text.format(along=where)}."
            yield becomes((text, axis), 0, on_axis(axis, lambda leaf, n, move=move: move(leaf.want, n)), sentence)  # type: ignore[misc]  # of a lambda with a default the type is not found
        for step, text in ((1, "late"), (-1, "early")) if own(leaves) else ():
            sentence = f"{{Numbers}} are the expected ones, but one place too {text}{where}."
            yield Claim(
                ("shifted", step, axis),
                1,
                partial(_is_shifted, axis, step),
                sentence,
                several(5, partial(_window, axis, step)),
            )
        sentence = f"{{Numbers}} are the expected ones in another order{where}."
        yield Claim(("slices", axis), 2, partial(_same_slices, axis), sentence, several(5))
        if any(leaf.want.ndim > 1 for leaf in leaves):
            sentence = (
                f"{{Numbers}} are the expected ones in another order{where}, and the order is not the same everywhere."
            )
            yield came_from(("sorted", axis), 3, partial(_sorted_back, axis), sentence, several(6, whole=4))
    yield Claim("anywhere", 6, _same_numbers, "{Numbers} are the right ones, but in wrong places.", several(8))


def _is_shifted(axis: Axis, step: int, leaf: Leaf) -> bool | None:
    number = leaf.find(axis)
    if number is None or leaf.want.shape != leaf.got.shape:
        return None if number is None else False
    want, got = np.moveaxis(leaf.want, number, 0), np.moveaxis(leaf.got, number, 0)
    return leaf.equals(want[:-1], got[1:]) if step > 0 else leaf.equals(want[1:], got[:-1])


def _window(axis: Axis, step: int, leaf: Leaf) -> Numbers:
    """The learner's numbers that stand where others should, without the end that came from nowhere."""
    number = leaf.find(axis)
    assert number is not None
    got, wrong = np.moveaxis(leaf.got, number, 0), np.moveaxis(leaf.wrong, number, 0)
    return got[1:][wrong[1:]] if step > 0 else got[:-1][wrong[:-1]]


def _same_slices(axis: Axis, leaf: Leaf) -> bool | None:
    """Whether each slice of the one is a slice of the other, all in one order."""
    number = leaf.find(axis)
    if number is None:
        return None
    if leaf.want.shape != leaf.got.shape or leaf.want.shape[number] > _MOST_ROWS:
        return False
    want, got = np.moveaxis(leaf.want, number, 0), np.moveaxis(leaf.got, number, 0)
    left = list(range(len(got)))
    for row in want:
        match = next((place for place in left if leaf.equals(row, got[place])), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _sorted_back(axis: Axis, leaf: Leaf) -> Numbers | None:
    """The learner's numbers put into the order of the expected ones."""
    number = leaf.find(axis)
    if number is None or leaf.want.shape != leaf.got.shape:
        return None if number is None else leaf.got
    ranks = leaf.want.argsort(number, kind="stable").argsort(number, kind="stable")
    return np.take_along_axis(np.sort(leaf.got, number), ranks, number)


def _same_numbers(leaf: Leaf) -> bool | None:
    return leaf.equals(np.sort(leaf.want, axis=None), np.sort(leaf.got, axis=None))


# --- too few, too many ---------------------------------------------------------------------------------------------------


def cut(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """An entry that is missing or too many, at the start or the end of an axis."""
    if all(leaf.want.shape == leaf.got.shape for leaf in leaves) or not own(leaves):
        return
    enough = several(4, expected)
    for axis, start in itertools.product(axes_of(leaves), (True, False)):
        which = "first" if start else "last"
        sentence = f"{{Numbers}} are right, but the {which} entry{along(axis)} is missing."
        yield becomes(("lacks", axis, start), 0, on_axis(axis, partial(_without, start)), sentence)
        sentence = f"{{Numbers}} are right, but there is one entry too many{along(axis)}: the {which} one."
        yield came_from(("extra", axis, start), 0, on_axis(axis, partial(_without_own, start)), sentence, enough)


def _without(start: bool, leaf: Leaf, number: int) -> Numbers:
    return np.delete(leaf.want, 0 if start else -1, number) if leaf.want.shape[number] else leaf.want


def _without_own(start: bool, leaf: Leaf, number: int) -> Numbers:
    if leaf.got.ndim != leaf.want.ndim or not leaf.got.shape[number]:
        return leaf.got
    return np.delete(leaf.got, 0 if start else -1, number)


FINDERS: tuple[Finder, ...] = (permuted, reshaped, reordered, cut)
