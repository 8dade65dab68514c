"""What a changed grader, course or setting does to a class's grades: two folders of results, compared check by check."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.course import CourseError

#: How many learners a line names.
_NAMED = 20


@dataclass(frozen=True)
class Change:
    """One check of one learner whose verdict or points are others.

    Attributes:
        before: verdict and points; empty where there was no such check.
        after: likewise.
    """

    learner: str
    exercise: str
    check: str
    before: str
    after: str
    points: float

    def __str__(self) -> str:
        return (
            f"{self.learner}: {self.exercise} {self.check}: {self.before or 'not there'} -> {self.after or 'not there'}"
        )


@dataclass(frozen=True)
class Changes:
    """The changes from one folder of results to another.

    Attributes:
        found: of the learners who are in both, by learner.
        before: the learners who are in the first folder alone.
        after: those who are in the second alone.
        both: how many are in both.
    """

    found: list[Change]
    before: list[str]
    after: list[str]
    both: int


def changes(old: Path, new: Path) -> Changes:
    """The changes from one folder of results to another. Who is in one of them alone gains nothing, and loses nothing.

    Raises:
        CourseError: one of them holds no results, they cannot be read, or they are of two classes or of two labs.
    """
    before, after = _results(old), _results(new)
    both = sorted(before.keys() & after.keys())
    if not both:
        raise CourseError(
            f"no learner is in both {old} and {new}: they are the results of two classes; grade one class into both folders"
        )
    exercises = [{name for learner in tree.values() for name, _ in learner} for tree in (before, after)]
    if not exercises[0] & exercises[1]:
        raise CourseError(
            f"no exercise is in both {old} and {new}: they are the results of two labs; grade the same lab into both folders"
        )
    found = [change for learner in both for change in _of_learner(learner, before[learner], after[learner])]
    return Changes(found, sorted(before.keys() - both), sorted(after.keys() - both), len(both))


def in_words(told: Changes) -> Iterator[str]:
    """A line for each change, and what they come to."""
    found = told.found
    yield from map(str, found)
    for which, names in {"first": told.before, "second": told.after}.items():
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield f"in the {which} results alone, and not compared: {', '.join(names[:_NAMED])}{more}"
    if len(told.before) + len(told.after) > told.both:
        yield f"only {told.both} learners are in both: these may be the results of two classes"
    if not found:
        yield "no verdict and no points changed"
        return
    yield ""
    for exercise, count in Counter(each.exercise for each in found).most_common():
        mine = [each for each in found if each.exercise == exercise]
        learners = len({each.learner for each in mine})
        yield f"{exercise}: {count} checks of {learners} learners, {sum(each.points for each in mine):+g} points in all"
    by_learner: dict[str, float] = {}
    for each in found:
        by_learner[each.learner] = by_learner.get(each.learner, 0.0) + each.points
    up, down = (sum(sign * value > 0 for value in by_learner.values()) for sign in (1, -1))
    yield f"{len(by_learner)} learners are touched: {up} gain points, {down} lose points"


_Checks = dict[tuple[str, str], dict[str, Any]]


def _results(folder: Path) -> dict[str, _Checks]:
    files = sorted((folder / "learners").glob("*.json"))
    if not files:
        raise CourseError(f"there are no results in {folder}; `mechgrade cohort grade DIR --out {folder}` writes them")
    found: dict[str, _Checks] = {}
    for file in files:
        try:
            tree = json.loads(file.read_text(encoding="utf-8"))
            found[tree["learner"]] = {
                (f"{each['lab']}/{each['exercise']}", check["name"]): check
                for each in tree["exercises"]
                for check in each["checks"]
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CourseError(f"{file} cannot be read ({type(error).__name__})") from None
    return found


def _of_learner(learner: str, before: _Checks, after: _Checks) -> Iterator[Change]:
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        first, last = _words(old), _words(new)
        if first != last:
            points = (new["points"] if new else 0.0) - (old["points"] if old else 0.0)
            yield Change(learner, *key, first, last, points)


def _words(check: dict[str, Any] | None) -> str:
    return f"{check['verdict'].replace('_', ' ')}, {check['points']:g} of {check['max_points']:g}" if check else ""
