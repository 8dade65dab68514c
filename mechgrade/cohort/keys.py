"""What a result depends on, as hashes: equal keys mean that grading again would give the same.

A key has two parts. The *base* is the exercise's: all that its verdicts depend on (see ``mechgrade.grading.dependencies``), the settings,
the hidden secret. The learner's text makes a key of it, and what the text imports of the course's modules. So a changed grader changes the keys of its own exercise alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mechgrade.course import Course, Exercise
from mechgrade.grading.dependencies import Dependencies
from mechgrade.grading.look import Look
from mechgrade.grading.options import Options

#: Raised when the form of stored results changes.
SCHEMA = 1


def bases(
    course: Course, exercises: Sequence[Exercise], options: Options, look: Look | None = None
) -> dict[Exercise, str]:
    """The base of each exercise's keys.

    Args:
        look: how the files are; by default they are looked at now.

    Raises:
        CourseError: a file that they depend on cannot be read.
    """
    with look or Look(course.root) as files:
        dependencies = Dependencies(course, options.model, files)
        hidden = options.hidden is not None
        found = {exercise: dependencies.verdict(exercise, hidden) for exercise in exercises}
    # What a report shows, and why a machine offers no more, changes no verdict.
    settings = {
        name: value for name, value in options.as_tree().items() if name not in ("views", "missing", "portable")
    }
    # The digest alone is hashed on, so that nothing kept tells whether a guess of the secret is right without all the rest.
    shared = _digest({"schema": SCHEMA, "options": settings})
    return {
        exercise: _digest({"shared": shared, "exercise": str(exercise), "depends on": parts})
        for exercise, parts in found.items()
    }


def key_of(base: str, text: str | None, problem: str = "", imported: Mapping[str, str] | None = None) -> str:
    """The key of a result.

    Args:
        base: the exercise's.
        text: the learner's.
        problem: why there is none.
        imported: what the text depends on itself.
    """
    return _digest({"base": base, "text": text, "problem": problem if text is None else "", "imported": imported or {}})


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
