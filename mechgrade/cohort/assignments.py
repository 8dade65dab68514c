"""Which column of a platform's table is an assignment's, and the most points that it has there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mechgrade.cohort.roster import Roster, is_about_people, squeezed
from mechgrade.course import CourseError

#: Columns of Canvas' and Blackboard's tables that are no assignment's, beside those that tell a person.
_OTHERS = frozenset(["section", "rootaccount", "integrationid", "notes", "lastaccess", "availability"])

#: What Canvas has where nothing can be written: sums over assignments.
_READ_ONLY = "(read only)"


@dataclass(frozen=True)
class Assignment:
    """A column for points.

    Attributes:
        column: its name in the table.
        name: the words of it that people know, without what a platform puts behind them.
        most: the most points there; None where the table does not say.
        is_new: whether the table has no such column yet.
    """

    column: str
    name: str
    most: float | None = None
    is_new: bool = False


def find(roster: Roster | None, wanted: str) -> Assignment:
    """The column with a name, whole or without the platform's number behind it.

    Raises:
        CourseError: the table has other assignments, and not one of this name alone.
    """
    if roster is None:
        return Assignment(wanted, wanted, is_new=True)
    there = _assignments(roster)
    found = _named(there, wanted)
    if len(found) == 1:
        return found[0]
    if not there:
        return Assignment(wanted, wanted, is_new=True)
    names = "; ".join(each.column for each in (found or there))
    many = (
        f"{len(found)} columns of the class list are called {wanted!r}" if found else f"no column is called {wanted!r}"
    )
    raise CourseError(f"{many}; name one by --column, as it is written in the class list: {names}")


def find_or_new(roster: Roster | None, wanted: str) -> Assignment:
    """The column with a name, or a new one: in a list of one's own there need be none.

    Raises:
        CourseError: the column with this name tells who people are.
    """
    if roster is not None and wanted in roster.columns and is_about_people(wanted):
        raise CourseError(f"the column {wanted!r} of the class list tells who is who; give another name by --column")
    found = _named(_assignments(roster), wanted) if roster is not None else []
    return found[0] if len(found) == 1 else Assignment(wanted, wanted, is_new=True)


def _named(there: list[Assignment], wanted: str) -> list[Assignment]:
    """Those of a name; the whole name goes before the one without a number."""

    def by(name: Callable[[Assignment], str]) -> list[Assignment]:
        return [each for each in there if _plain(name(each)) == _plain(wanted)]

    return by(lambda each: each.column) or by(lambda each: each.name)


def _assignments(roster: Roster) -> list[Assignment]:
    most = roster.most or {}
    return [
        _assignment(roster.platform, name, most.get(name, ""))
        for name in roster.columns
        if name
        and not is_about_people(name)
        and squeezed(name) not in _OTHERS
        and most.get(name, "").lower() != _READ_ONLY
    ]


def _assignment(platform: str, column: str, most: str) -> Assignment:
    if platform == "canvas":  # Lab 3 (777)
        return Assignment(column, re.sub(r"\s*\(\d+\)$", "", column), number(most))
    if platform == "blackboard":  # Lab 3 [Total Pts: 100 Score] |55
        found = re.fullmatch(r"(.*?)\s*(?:\[([^\]]*)\])?\s*(?:\|\d+)?", column)
        points = re.search(r"\d+(?:[.,]\d+)?", found[2] or "") if found else None
        return Assignment(column, found[1] if found else column, number(points[0]) if points else None)
    return Assignment(column, column)


def number(text: str) -> float | None:
    """A number with a point or a comma; None where it is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
