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
    _Map("bits", lambda x: x / np.log(2), "{Each} is the expected one divided by ln 2, as if it were in bits."),
    _Map("no bits", lambda x: x * np.log(2), "{Each} is the expected one times ln 2."),
    _Map("decimal", lambda x: x / np.log(10), "{Each} is the expected one divided by ln 10, as if the base were 10."),
    _Map("complement", lambda x: 1 - x, "{Each} is 1 minus the expected one."),
    _Map("reciprocal", np.reciprocal, "{Each} is 1 divided by the expected one."),
)


def maps(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """One function of each number."""
    if any(leaf.whole for leaf in leaves):
        return
    for each in _MAPS:
        change = lambda leaf, f=each.function: f(leaf.want)  # noqa: E731
        # Nothing is fitted, so three numbers that are right to the fifth digit are no chance.
        yield becomes(each.name, 0, change, each.sentence, several(3))


def rounded(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """Rounded to some digits."""
    if any(leaf.whole for leaf in leaves):
        return
    for digits in range(6):
        what = f"{digits} digits after the point" if digits else "whole numbers"
        sentence = f"{{Numbers}} are the expected ones, rounded to {what}."
        yield becomes(("rounded", digits), 0, lambda leaf, d=digits: np.round(leaf.want, d), sentence)  # type: ignore[misc]


def bounded(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """Cut off at a bound."""
    if any(leaf.whole or leaf.want.shape != leaf.got.shape for leaf in leaves):
        return
    wrong = np.concatenate([leaf.got[leaf.wrong] for leaf in leaves])
    bound = float(wrong[0]) if wrong.size else 0.0
    if bound == 0 or not (wrong == bound).all():
        return
    enough = every(several(4, lambda leaf: leaf.want[leaf.wrong]), several(4, lambda leaf: leaf.got[~leaf.wrong]))
    for word, cut in (("above", np.minimum), ("below", np.maximum)):
        sentence = f"{{Numbers}} are {bound:.4g} wherever the expected one is {word} that, and right everywhere else."
        yield becomes((word, "bound"), 0, lambda leaf, cut=cut: cut(leaf.want, bound), sentence, enough)  # type: ignore[misc]


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


FINDERS: tuple[Finder, ...] = (maps, rounded, bounded, parts_of_the_range)
