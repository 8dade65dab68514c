"""Relations that hold for each number by itself: the sign, the logarithm, what is clipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mechgrade.grading.relations.claims import Claim, Finder, Numbers, becomes, came_from, every, several
from mechgrade.grading.relations.leaves import Leaf


@dataclass(frozen=True)
class _Map:
    name: str
    function: Callable[[Numbers], Numbers]
    sentence: str


_MAPS = (
    _Map("sign", np.negative, "{Each} has the opposite sign of the expected one."),
    _Map("square", np.square, "{Each} is the square of the expected one."),
    _Map("root", np.sqrt, "{Each} is the square root of the expected one."),
    _Map("exp", np.exp, "{Each} is `exp` of the expected one: is a logarithm missing?"),
    _Map("log", np.log, "{Each} is the natural logarithm of the expected one."),
    _Map("log2", np.log2, "{Each} is the logarithm to base 2 of the expected one."),
    _Map("negative log", lambda x: -np.log(x), "{Each} is minus the logarithm of the expected one."),
    _Map("complement", lambda x: 1 - x, "{Each} is 1 minus the expected one."),
    _Map("reciprocal", np.reciprocal, "{Each} is 1 divided by the expected one."),
)


def maps(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """One function of each number."""
    if any(leaf.whole for leaf in leaves):
        return
    for each in _MAPS:
        yield becomes(each.name, 0, lambda leaf, f=each.function: f(leaf.want), each.sentence)  # type: ignore[misc]


def parts_of_the_range(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """Clipped at zero, the magnitude: what shows only where there are numbers of both signs."""
    if any(leaf.whole for leaf in leaves):
        return

    yield becomes(
        "magnitude",
        0,
        lambda leaf: np.abs(leaf.want),
        "{Each} is the absolute value of the expected one.",
        every(several(2, lambda leaf: leaf.want[leaf.want > 0]), several(4, lambda leaf: leaf.want[leaf.want < 0])),
    )
    yield becomes(
        "clipped",
        0,
        lambda leaf: np.maximum(leaf.want, 0),
        "{Numbers} are 0 wherever the expected one is negative, and right everywhere else.",
        every(several(4, lambda leaf: leaf.want[leaf.want > 0]), several(2, lambda leaf: leaf.want[leaf.want < 0])),
    )
    own = every(several(4, lambda leaf: leaf.got[leaf.got > 0]), several(4, lambda leaf: leaf.got[leaf.got < 0]))
    yield came_from(
        "no magnitude", 0, lambda leaf: np.abs(leaf.got), "The expected values are the absolute values of yours.", own
    )
    yield came_from(
        "not clipped",
        0,
        lambda leaf: np.maximum(leaf.got, 0),
        "{Numbers} are negative in some places where 0 is expected, and right everywhere else.",
        own,
    )


FINDERS: tuple[Finder, ...] = (maps, parts_of_the_range)
