"""A claim: a relation that could hold between what was expected and what a learner's code gave, and what speaks for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechgrade.grading.relations.leaves import Axis, Leaf, distinct
from mechgrade.grading.relations.origins import Place

Numbers = NDArray[np.float64]

#: Whether so much in the leaves that differ speaks for a claim that it cannot be chance.
Evidence = Callable[[Sequence[Leaf]], bool]


@dataclass(frozen=True)
class Claim:
    """A relation.

    Attributes:
        name: two claims with one name are one.
        rank: of claims that hold, those of the lowest rank say the most.
        holds: whether it holds for a leaf; None where it says nothing of such a leaf.
        sentence: what to tell the learner, with the words of :func:`words` in it.
        evidence: what must speak for it.
    """

    name: Hashable
    rank: int
    holds: Callable[[Leaf], bool | None]
    sentence: str
    evidence: Evidence


#: Looks at all leaves that differ and proposes claims; whether they hold is found out later.
Finder = Callable[[Sequence[Leaf]], Iterator[Claim]]

#: Makes other numbers of a leaf's; None where it does not apply.
Change = Callable[[Leaf], Numbers | None]


# --- evidence ------------------------------------------------------------------------------------------------------------


def changed(leaf: Leaf) -> Numbers:
    """The learner's numbers that differ from the expected ones."""
    return leaf.got[leaf.wrong]


def expected(leaf: Leaf) -> Numbers:
    """All expected numbers."""
    return leaf.want


def several(count: int, part: Callable[[Leaf], Numbers] = changed, whole: int | None = None) -> Evidence:
    """The evidence of some numbers that are all different, and not 0.

    Args:
        count: how many.
        part: of which numbers.
        whole: how many if they are whole numbers; of these, which come again and again, there must be twice as many in all.
    """

    def enough(leaves: Sequence[Leaf]) -> bool:
        need = count
        parts = [part(leaf).ravel() for leaf in leaves]
        if any(leaf.whole for leaf in leaves):
            need = count if whole is None else whole
            if sum(each.size for each in parts) < 2 * need:
                return False
        allowed = [float(leaf.allowed(leaf.want).max(initial=0.0)) for leaf in leaves]
        alone = max(distinct(each, limit) for each, limit in zip(parts, allowed, strict=True))
        return alone >= need or distinct(np.concatenate(parts), max(allowed)) >= need

    return enough


def every(*evidence: Evidence) -> Evidence:
    """All of some evidence."""
    return lambda leaves: all(each(leaves) for each in evidence)


#: The usual evidence: numbers that differ from the expected ones, and are all different.
USUAL = several(4)


# --- claims of two kinds -------------------------------------------------------------------------------------------------


def becomes(name: Hashable, rank: int, change: Change, sentence: str, evidence: Evidence = USUAL) -> Claim:
    """The claim that the learner's numbers are the expected ones changed in some way."""

    def holds(leaf: Leaf) -> bool | None:
        with np.errstate(all="ignore"):
            result = change(leaf)
        return None if result is None else leaf.equals(result, leaf.got)

    return Claim(name, rank, holds, sentence, evidence)


def came_from(name: Hashable, rank: int, change: Change, sentence: str, evidence: Evidence = USUAL) -> Claim:
    """The claim that the expected numbers are the learner's changed in some way: a step is missing."""

    def holds(leaf: Leaf) -> bool | None:
        with np.errstate(all="ignore"):
            result = change(leaf)
        return None if result is None else leaf.equals(leaf.want, result)

    return Claim(name, rank, holds, sentence, evidence)


# --- axes and words ------------------------------------------------------------------------------------------------------


def axes_of(leaves: Sequence[Leaf]) -> list[Axis]:
    """The axes of the expected arrays that all leaves have."""
    first = max(leaves, key=lambda leaf: leaf.want.size)
    axes = [first.axis(number) for number in range(first.want.ndim)]
    return [axis for axis in axes if all(leaf.find(axis) is not None for leaf in leaves)]


def on_axis(axis: Axis, change: Callable[[Leaf, int], Numbers | None]) -> Change:
    """A change along an axis, wherever a leaf has it."""

    def along(leaf: Leaf) -> Numbers | None:
        number = leaf.find(axis)
        return None if number is None else change(leaf, number)

    return along


def named(axis: Axis) -> str:
    """An axis in a sentence."""
    if isinstance(axis, str):
        return f"`{axis}`"
    number, count = axis
    if count == 1:
        return "its only axis"
    return {0: "the first axis", count - 1: "the last axis"}.get(number, f"axis {number} (counted from 0)")


def the_axis(axis: Axis) -> str:
    """An axis in a sentence, with its article."""
    return f"the axis {named(axis)}" if isinstance(axis, str) else named(axis)


def along(axis: Axis) -> str:
    """Where a change happens; nothing where there is but one axis, and it has no name."""
    return "" if axis == (0, 1) else f" along {named(axis)}"


def own(leaves: Sequence[Leaf]) -> bool:
    """Whether all are what a function itself returned, so that places in them mean something to the learner."""
    return all(leaf.function is not None for leaf in leaves)


def say(sentence: str, leaves: Sequence[Leaf], right: Sequence[Leaf] = ()) -> str:
    """A claim's sentence, with words for what it speaks of.

    Args:
        sentence: with ``{Each}``, ``{Numbers}`` or ``{numbers}``.
        leaves: what it speaks of.
        right: what else was compared in these calls, and is right.
    """
    if own(leaves):
        words = {"Each": "Each of your values", "Numbers": "Your numbers", "numbers": "your numbers"}
        functions = {leaf.function for leaf in leaves}
        where = _parts({leaf.place for leaf in leaves}, {leaf.place for leaf in right if leaf.function in functions})
    else:
        numbers = "numbers computed from your result"
        words = {"Each": "Each of the " + numbers, "Numbers": "The " + numbers, "numbers": "the " + numbers}
        where = "a part of what is compared" if right else ""
    text = sentence.format(**words)
    return f"In {where}, {text[0].lower()}{text[1:]}" if where else text


def _parts(places: Collection[Place], right: Collection[Place]) -> str:
    """The parts of a result in which some places lie, but none of those that are right."""
    shared = part_of(list(places))
    if len(places) < 2 or not right or part_of([*places, *right]) != shared:
        return shared
    names = list(dict.fromkeys(part_of([place]) for place in sorted(places, key=str)))
    if not all(names):  # the whole of what one function returns, and a part of what another does
        return "a part of what your functions return"
    return joined(names)


def joined(names: Sequence[str]) -> str:
    """Some names, at least one, in a sentence."""
    for shared in (" part of ", " of "):  # the first and the second part of your result
        ends = {name.partition(shared)[2] for name in names}
        if len(ends) == 1 and all(ends):
            names = [*(name.partition(shared)[0] for name in names[:-1]), names[-1]]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def part_of(places: Sequence[Place]) -> str:
    """The part of a result in which all of some places lie, in words; empty where it is the whole."""
    shared: list[str | int] = []
    for keys in zip(*places, strict=False):
        if len(set(keys)) > 1:
            break
        shared.append(keys[0])
    while shared and shared[-1] == "*":
        shared.pop()
    if not shared:
        return ""
    last = shared[-1]
    if isinstance(last, str):
        return f"`{last}`" + (" of each entry of your list" if "*" in shared else "")
    return f"the {ordinal(last)} part of " + ("each entry of your list" if "*" in shared else "your result")


def ordinal(number: int) -> str:
    """The word for an index."""
    words = ("first", "second", "third", "fourth", "fifth")
    return words[number] if number < len(words) else f"{number + 1}th"
