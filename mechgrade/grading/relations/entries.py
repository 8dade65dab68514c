"""Which entries of a list are wrong, and texts that end too early: what is seen from the lists alone, whatever the cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mechgrade.grading.compare import compare

Items = Sequence[Any]
#: What a list should be, and what it is.
Two = tuple[Items, Items]

#: A shorter list has no first entry among several.
_LONG = 3


def entries(lists: Sequence[Two | None]) -> str | None:
    """What all lists that are wrong have in common, as a sentence.

    Args:
        lists: what the learner's functions returned in the runs that failed; None for anything else that is wrong there.
    """
    wrong = [two for two in lists if two is not None]
    if not wrong or len(wrong) < len(lists):
        return None
    if all(got and not want for want, got in wrong):
        return "On these inputs your list has entries where it should be empty, and is right everywhere else."
    if all(want and not got for want, got in wrong):
        return "On these inputs your list is empty where it should have entries, and is right everywhere else."
    if any(len(want) != len(got) for want, got in wrong):
        return None
    if all(_ends_early(want, got) for want, got in wrong):
        return "Your texts are right as far as they go, but some of them end too early."
    return _at_one_end(wrong) or (_few(*wrong[0]) if len(wrong) == 1 else None)


def _ends_early(want: Items, got: Items) -> bool:
    both = list(zip(want, got, strict=True))
    texts = all(isinstance(a, str) and isinstance(b, str) for a, b in both)
    return texts and all(b.strip() and a.startswith(b) for a, b in both)


def _places(want: Items, got: Items) -> list[int]:
    """The places of the entries that are wrong."""
    return [place for place, (a, b) in enumerate(zip(want, got, strict=True)) if not compare(a, b, {}).same]


def _at_one_end(wrong: Sequence[Two]) -> str | None:
    """One end alone is right, in more lists than one: in a single list that could be chance."""
    if len(wrong) < 2 or min(len(want) for want, _ in wrong) < _LONG:
        return None
    for end, name in ((0, "first"), (-1, "last")):
        if all(_places(*two) == [*range(len(two[0]))][1 + end : len(two[0]) + end or None] for two in wrong):
            return f"In the lists that are wrong, only the {name} entry is right."
    return None


def _few(want: Items, got: Items) -> str | None:
    """The entries of the only list that is wrong, if they are few."""
    found = _places(want, got)
    if len(want) < _LONG or 2 * len(found) > len(want):
        return None
    if len(found) == 1:
        return f"Only one of the {len(want)} entries of your list is wrong, the one at index {found[0]}."
    return (
        f"Only {len(found)} of the {len(want)} entries of your list are wrong, the first of them at index {found[0]}."
    )
