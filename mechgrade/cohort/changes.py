"""What a changed grader, course or setting does to a class's grades: two folders of results, compared check by check."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.course import CourseError


@dataclass(frozen=True)
class Change:
    """One check of one learner whose verdict or points are others.

    Attributes:
        before: verdict and points; empty where there was no such check or learner.
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


def changes(old: Path, new: Path) -> list[Change]:
    """The changes from one folder of results to another, by learner.

    Raises:
        CourseError: one of them holds no results, or they cannot be read.
    """
    before, after = _results(old), _results(new)
    return [
        change
        for learner in sorted({*before, *after})
        for change in _of_learner(learner, before.get(learner, {}), after.get(learner, {}))
    ]


def in_words(found: Iterable[Change]) -> Iterator[str]:
    """A line for each change, and what they come to."""
    found = list(found)
    yield from map(str, found)
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
