"""Factors and amounts that depend on one axis alone, or on all axes but one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mechgrade.grading.relations.claims import Claim, Finder, Numbers, axes_of, becomes, named, several
from mechgrade.grading.relations.leaves import Axis, Leaf

#: Fits a factor, or an amount, to each row: the expected numbers so changed, and what was found.
_Fit = Callable[[Leaf, tuple[int, ...]], tuple[Numbers, Numbers]]
#: Factors differ if they are so far apart, as a share of the largest.
_VARIES = 1e-3


def by_rows(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """Factors or amounts that depend on one axis alone, or on all but one."""
    if any(leaf.whole or leaf.want.shape != leaf.got.shape or not leaf.want.size for leaf in leaves):
        return
    most = max(leaf.want.ndim for leaf in leaves)
    for axis in axes_of(leaves) if most > 1 else ():
        for kind, fit in (("factor", _row_factors), ("amount", _row_amounts)):
            yield _by_row(axis, kind, fit, alone=True)
            if most > 2:
                yield _by_row(axis, kind, fit, alone=False)


def _by_row(axis: Axis, kind: str, fit: _Fit, *, alone: bool) -> Claim:
    def shared(leaf: Leaf) -> tuple[int, ...] | None:
        """The axes along which the factor is the same."""
        number = leaf.find(axis)
        if number is None:
            return None
        return tuple(each for each in range(leaf.want.ndim) if each != number) if alone else (number,)

    def change(leaf: Leaf) -> Numbers | None:
        axes = shared(leaf)
        return None if axes is None else fit(leaf, axes)[0]

    def rows(leaf: Leaf) -> Numbers:
        axes = shared(leaf) or ()
        moved = np.moveaxis(leaf.got, axes, range(-len(axes), 0))
        return moved.reshape(-1, math.prod(moved.shape[leaf.got.ndim - len(axes) :]))

    def varies(leaf: Leaf) -> bool:
        """Whether the factor is not the same in all rows."""
        with np.errstate(all="ignore"):
            found = fit(leaf, shared(leaf) or ())[1].ravel()
        return bool(np.ptp(found) > _VARIES * np.abs(found).max())

    def enough(leaves: Sequence[Leaf]) -> bool:
        long = [leaf for leaf in leaves if min(rows(leaf).shape) > 1 and varies(leaf)]
        # One number of each row has been spent to find its factor.
        return bool(long) and several(8, lambda leaf: rows(leaf)[:, 1:])(long)

    depends = f"depends on {named(axis)} alone" if alone else f"is the same all along {named(axis)}"
    verb = "multiplied by a factor" if kind == "factor" else "moved by an amount"
    sentence = f"{{Numbers}} are the expected ones {verb} that {depends}."
    return becomes((kind, axis, alone), 4 if alone else 5, change, sentence, enough)


def _row_factors(leaf: Leaf, shared: tuple[int, ...]) -> tuple[Numbers, Numbers]:
    """The expected numbers times the factors that fit best, and the factors."""
    squares = (leaf.want * leaf.want).sum(shared, keepdims=True)
    factor = (leaf.want * leaf.got).sum(shared, keepdims=True) / np.where(squares > 0, squares, 1)
    return factor * leaf.want, factor[squares > 0]


def _row_amounts(leaf: Leaf, shared: tuple[int, ...]) -> tuple[Numbers, Numbers]:
    amount = (leaf.got - leaf.want).mean(shared, keepdims=True)
    return leaf.want + amount, amount


FINDERS: tuple[Finder, ...] = (by_rows,)
