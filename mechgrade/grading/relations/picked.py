"""One entry along an axis in the place of all, or all in the place of one: the first text of a batch, the last position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from mechgrade.grading.relations.claims import (
    Claim,
    Finder,
    Numbers,
    axes_of,
    becomes,
    came_from,
    every,
    expected,
    on_axis,
    several,
    the_axis,
)
from mechgrade.grading.relations.leaves import Axis, Leaf

_ENDS = (("first", 0), ("last", -1))


def one_for_all(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """What is expected at one end of an axis stands all along it, or the axis is gone and that alone is left."""
    for axis in axes_of(leaves):
        enough = every(several(4), partial(_long, axis))
        for name, place in _ENDS:
            sentence = f"{{Numbers}} are the same all along {the_axis(axis)}: what is expected at its {name} index."
            yield becomes(("one for all", axis, name), 0, on_axis(axis, partial(_repeated, place)), sentence, enough)
            sentence = f"{{Numbers}} are right for the {name} index of {the_axis(axis)} alone. Keep this axis."
            yield becomes(("one alone", axis, name), 0, on_axis(axis, partial(_one, place)), sentence, enough)


def _repeated(place: int, leaf: Leaf, number: int) -> Numbers | None:
    if not leaf.want.shape[number]:
        return None
    return np.broadcast_to(leaf.want.take([place], axis=number), leaf.want.shape)


def _one(place: int, leaf: Leaf, number: int) -> Numbers | None:
    if not leaf.want.shape[number]:
        return None
    kept = leaf.want.take([place], axis=number)
    return kept if leaf.got.ndim == leaf.want.ndim else kept.squeeze(number)


def _long(axis: Axis, leaves: Sequence[Leaf]) -> bool:
    return any(leaf.want.shape[number] > 1 for leaf in leaves if (number := leaf.find(axis)) is not None)


def all_for_one(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """An axis too many, of which one end is what is expected."""
    count = max(leaf.got.ndim for leaf in leaves)
    if any(leaf.got.ndim != count or leaf.want.ndim != count - 1 for leaf in leaves):
        return
    for number in range(count):
        if not any(leaf.got.shape[number] > 1 for leaf in leaves):
            continue
        where = {0: "the first axis", count - 1: "the last axis"}.get(number, f"axis {number} (counted from 0)")
        where = "the axis" if count == 1 else where
        for name, place in _ENDS:
            sentence = f"{{Numbers}} have one axis too many: the {name} index of {where} is what is expected."
            change = partial(_own, number, place)
            yield came_from(("all for one", number, name), 0, change, sentence, several(4, expected))


def _own(number: int, place: int, leaf: Leaf) -> Numbers:
    if leaf.got.ndim <= number or not leaf.got.shape[number]:
        return leaf.got
    return np.asarray(leaf.got.take(place, axis=number))


FINDERS: tuple[Finder, ...] = (one_for_all, all_for_one)
