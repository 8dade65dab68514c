"""Which recordings are out of date, and what changed since they were made."""

from __future__ import annotations

from collections.abc import Sequence

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.grading import recordings
from mechgrade.grading.dependencies import Dependencies, versions
from mechgrade.grading.errors import GraderError
from mechgrade.grading.look import Look

#: So many changes are named; the others are counted.
_NAMED = 4


def stale(course: Course, exercises: Sequence[Exercise], model: str) -> list[str]:
    """Why recordings are out of date, a line each.

    Versions make nothing stale: a recording is used with its noise floor on other versions than those that made it.
    """
    reasons = []
    with Look(course.root) as look:
        dependencies = Dependencies(course, model, look)
        for exercise in exercises:
            path = recordings.path_of(course.root, model, exercise.lab, exercise.name)
            try:
                then = recordings.read(path).provenance
                now = dependencies.recording(exercise)
            except (GraderError, CourseError) as fault:
                reasons.append(str(fault))
                continue
            names = sorted((then.keys() | now.keys()) - versions(course))
            changed = [name for name in names if then.get(name) != now.get(name)]
            if changed:
                reasons.append(f"{path.relative_to(course.root)}: {_list(changed)} changed since it was recorded")
    folder = course.root / "fixtures" / "recorded" / model
    known = {recordings.path_of(course.root, model, exercise.lab, exercise.name) for exercise in course.exercises()}
    for path in sorted(folder.rglob("*.json")):
        if path not in known:
            reasons.append(f"{path.relative_to(course.root)}: course.yaml has no such exercise; delete it")
    return reasons


def _list(names: list[str]) -> str:
    """``a``, ``a and b``, ``a, b, c, d and 3 more``."""
    shown, more = names[:_NAMED], len(names) - _NAMED
    *most, last = [*shown, f"{more} more"] if more > 0 else shown
    return f"{', '.join(most)} and {last}" if most else last
