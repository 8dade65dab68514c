"""Which recordings are out of date, and what changed since they were made."""

from __future__ import annotations

from collections.abc import Sequence

from mechgrade.authoring.unlisted import unlisted
from mechgrade.course import Course, CourseError, Exercise
from mechgrade.course.source import BuildError
from mechgrade.grading import recordings
from mechgrade.grading.dependencies import Dependencies, versions
from mechgrade.grading.errors import GraderError
from mechgrade.grading.look import Look

#: So many changes are named; the others are counted.
_NAMED = 4


def stale(course: Course, exercises: Sequence[Exercise], model: str) -> list[str]:
    """Why recordings are out of date, or could not be made, a line each.

    Versions make nothing stale: a recording is used with its noise floor on other versions than those that made it.
    """
    reasons: list[str] = []
    with Look(course.root) as look:
        dependencies = Dependencies(course, model, look)
        for exercise in exercises:
            path = recordings.path_of(course.root, model, exercise.lab, exercise.name)
            try:
                then = recordings.read(path).provenance
                now = dependencies.recording(exercise)
            except BuildError as error:
                reasons += error.problems
                continue
            except (GraderError, CourseError) as fault:
                reasons.append(str(fault))
                continue
            names = sorted((then.keys() | now.keys()) - versions(course))
            changes = {
                "changed since it was recorded": [
                    each for each in names if then.get(each, now.get(each)) != now.get(each, then.get(each))
                ],
                "no longer counts": [each for each in names if each not in now],
                "did not count when it was recorded": [each for each in names if each not in then],
            }
            said = [f"{_list(some)} {what}" for what, some in changes.items() if some]
            if said:
                reasons.append(f"{path.relative_to(course.root)}: {'; '.join(said)}")
    folder = recordings.path_of(course.root, model, "", "").parent
    reasons += [
        f"{path.relative_to(course.root)}: course.yaml has no such exercise; delete it, or keep it elsewhere"
        for path in unlisted(course)
        if path.is_relative_to(folder)
    ]
    return reasons


def _list(names: list[str]) -> str:
    """``a``, ``a and b``, ``a, b, c, d and 3 more``."""
    shown, more = names[:_NAMED], len(names) - _NAMED
    *most, last = [*shown, f"{more} more"] if more > 0 else shown
    return f"{', '.join(most)} and {last}" if most else last
