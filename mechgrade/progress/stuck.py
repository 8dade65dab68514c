"""Who tries and gets no further, by the progress files that learners chose to share.

Such a file is what its learner makes of it. So it is read within bounds, only what the course knows is taken from it, and it changes no grade.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mechgrade.course import Course, Exercise

#: A file of a whole course has some tens of kilobytes.
MOST_BYTES = 2**20

#: So many tries without progress are worth a question.
LEAST = 3

#: More tries than this, and it is no number of tries.
_MOST_TRIES = 100_000

_MOST_LETTERS = 300


@dataclass(frozen=True)
class Standing:
    """Where a learner stands in an exercise.

    Attributes:
        tries: since the last progress.
        attempts: all tries.
        points: the most so far.
        sentence: what the last failed check said.
    """

    tries: int
    attempts: int
    points: float
    sentence: str


@dataclass
class Stuck:
    """An exercise, and who is stuck in it: the learner with the most tries first."""

    exercise: Exercise
    learners: list[tuple[str, Standing]] = field(default_factory=list)

    @property
    def mistakes(self) -> list[tuple[str, int]]:
        """The latest sentences, and how many learners were told each, the most frequent first."""
        counts: dict[str, int] = {}
        for _, standing in self.learners:
            if standing.sentence:
                counts[standing.sentence] = counts.get(standing.sentence, 0) + 1
        return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def read_shared(course: Course, body: bytes) -> dict[Exercise, Standing] | None:
    """Where a learner stands in the exercises that are begun and not passed, by a progress file or its export. None where it is neither."""
    if len(body) > MOST_BYTES:
        return None
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    entries = document.get("exercises", document)
    if not isinstance(entries, dict):
        return None
    found: dict[Exercise, Standing] = {}
    known = 0
    for exercise in course.exercises():
        entry = entries.get(str(exercise))
        if not isinstance(entry, dict) or not isinstance(entry.get("verdict"), str):
            continue
        known += 1
        if entry["verdict"] and entry["verdict"] != "passed":
            attempts = _count(entry.get("attempts"))
            tries = min(_count(entry.get("stalled")), attempts)
            found[exercise] = Standing(
                tries, attempts, _points(entry.get("best"), exercise), _text(entry.get("sentence"))
            )
    # An empty course's progress is a progress file, too: somebody who has begun nothing.
    return found if known or not entries else None


def stuck(
    course: Course, people: Mapping[str, Mapping[Exercise, Standing]], least: int = LEAST, lab: str | None = None
) -> list[Stuck]:
    """The exercises in which learners are stuck: those with the most learners first.

    Args:
        course: the course.
        people: by learner.
        least: from how many tries without progress.
        lab: only this lab's.
    """
    rows = {exercise: Stuck(exercise) for exercise in course.exercises(lab)}
    for learner, standings in people.items():
        for exercise, standing in standings.items():
            if exercise in rows and standing.tries >= least:
                rows[exercise].learners.append((learner, standing))
    for row in rows.values():
        row.learners.sort(key=lambda each: (-each[1].tries, each[0]))
    return sorted((row for row in rows.values() if row.learners), key=lambda row: -len(row.learners))


def _count(value: Any) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TRIES
    return int(value) if is_count else 0


def _points(value: Any, exercise: Exercise) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return min(max(0.0, float(value)), float(exercise.points)) if is_number else 0.0


def _text(value: Any) -> str:
    """A sentence as a terminal, a table and a page can have it."""
    if not isinstance(value, str):
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in value[:_MOST_LETTERS]).strip()
