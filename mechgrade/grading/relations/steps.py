"""Steps along an axis that are missing or one too many: a mean, a sum, a softmax, a normalisation."""

from __future__ import annotations

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
    every,
    expected,
    on_axis,
    several,
    the_axis,
)
from mechgrade.grading.relations.leaves import Axis, Leaf

_REDUCTIONS: tuple[tuple[str, Callable[..., Numbers]], ...] = (
    ("the mean", np.mean),
    ("the sum", np.sum),
    ("the largest value", np.max),
    ("the smallest value", np.min),
)


def reduced(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """A reduction too many: the axis is gone, or all along it stands the same."""
    for axis in axes_of(leaves):
        enough = every(several(4), partial(_long, axis))
        for name, function in _REDUCTIONS:
            sentence = f"{{Numbers}} are {name} of the expected ones over {the_axis(axis)}. Keep this axis."
            yield becomes((name, axis), 0, on_axis(axis, partial(_reduced, function)), sentence, enough)
            sentence = f"{{Numbers}} are all the same along {the_axis(axis)}: {name} of the expected ones."
            yield becomes((name, "spread", axis), 0, on_axis(axis, partial(_spread, function)), sentence, enough)


def kept(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """A reduction that is missing: there is one axis too many."""
    count = max(leaf.got.ndim for leaf in leaves)
    if any(leaf.got.ndim != count or leaf.want.ndim != count - 1 for leaf in leaves):
        return
    for number in range(count):
        place = _place(number, leaves)
        long = any(leaf.got.shape[number] > 1 for leaf in leaves)
        for name, function in _REDUCTIONS if long else ():
            sentence = f"{{Numbers}} have one axis too many: {name} over {place} is what is expected."
            change = partial(_own_reduced, number, function)
            yield came_from(("kept", number, name), 0, change, sentence, several(4, expected))


def _place(number: int, leaves: Sequence[Leaf]) -> str:
    """The learner's axis in words, with the input that gives its size, if just one does."""
    count = leaves[0].got.ndim
    place = {0: "the first axis", count - 1: "the last axis"}.get(number, f"axis {number} (counted from 0)")
    if count == 1:
        place = "the axis"
    sizes = [leaf.got.shape[number] for leaf in leaves]
    names = [
        name
        for name in leaves[0].sizes()
        if all(leaf.sizes().get(name) == size for leaf, size in zip(leaves, sizes, strict=True))
    ]
    return f"{place}, which is as long as `{names[0]}` says," if len(names) == 1 and len(set(sizes)) > 1 else place


def _long(axis: Axis, leaves: Sequence[Leaf]) -> bool:
    """Whether an axis is longer than 1: else each reduction of it is the same."""
    return any(leaf.want.shape[number] > 1 for leaf in leaves if (number := leaf.find(axis)) is not None)


def _reduced(function: Callable[..., Numbers], leaf: Leaf, number: int) -> Numbers | None:
    if not leaf.want.shape[number]:
        return None
    return np.asarray(function(leaf.want, axis=number, keepdims=leaf.got.ndim == leaf.want.ndim))


def _spread(function: Callable[..., Numbers], leaf: Leaf, number: int) -> Numbers | None:
    if not leaf.want.shape[number]:
        return None
    return np.broadcast_to(function(leaf.want, axis=number, keepdims=True), leaf.want.shape)


def _own_reduced(number: int, function: Callable[..., Numbers], leaf: Leaf) -> Numbers:
    if leaf.got.ndim <= number or not leaf.got.shape[number]:
        return leaf.got
    return np.asarray(function(leaf.got, axis=number))


# --- normalisations ------------------------------------------------------------------------------------------------------


def _softmax(values: Numbers, number: int) -> Numbers:
    powers: Numbers = np.exp(values - values.max(number, keepdims=True))
    total: Numbers = powers.sum(number, keepdims=True)
    return powers / total


_NORMALISATIONS: tuple[tuple[str, Callable[[Numbers, int], Numbers]], ...] = (
    ("a softmax of {them}{along}", _softmax),
    ("the logarithm of a softmax of {them}{along}", lambda values, n: np.log(_softmax(values, n))),
    ("{them}, divided by their sum{along}", lambda values, n: values / values.sum(n, keepdims=True)),
    ("{them}, divided by the largest{along}", lambda values, n: values / values.max(n, keepdims=True)),
    ("{them}, divided by their length{along}", lambda values, n: values / np.sqrt((values**2).sum(n, keepdims=True))),
    ("{them}, less their mean{along}", lambda values, n: values - values.mean(n, keepdims=True)),
    ("{them}, less the largest{along}", lambda values, n: values - values.max(n, keepdims=True)),
    ("the running sum of {them}{along}", lambda values, n: values.cumsum(n)),
)


def normalised(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """A step along an axis that keeps the shape, missing or once too often."""
    if any(leaf.whole or leaf.want.shape != leaf.got.shape for leaf in leaves):
        return
    enough = several(6)
    for axis in axes_of(leaves):
        where = along(axis)
        for text, function in _NORMALISATIONS:
            sentence = "{Numbers} are " + text.format(them="the expected ones", along=where) + "."
            yield becomes(("more", text, axis), 0, on_axis(axis, partial(_of_expected, function)), sentence, enough)
            # A normalisation forgets something: what it makes of yours says less of yours.
            sentence = "What is expected is " + text.format(them="{numbers}", along=where) + "."
            known = every(enough, several(6, expected))
            yield came_from(("missing", text, axis), 1, on_axis(axis, partial(_of_own, function)), sentence, known)


def _of_own(function: Callable[[Numbers, int], Numbers], leaf: Leaf, number: int) -> Numbers:
    same = leaf.got.shape == leaf.want.shape and leaf.got.size
    return function(leaf.got, number) if same else leaf.got


def _of_expected(function: Callable[[Numbers, int], Numbers], leaf: Leaf, number: int) -> Numbers:
    return function(leaf.want, number) if leaf.want.size else leaf.want


FINDERS: tuple[Finder, ...] = (reduced, kept, normalised)
