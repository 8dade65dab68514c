"""The exercise that a learner is at, and the exercise that a learner means by a name, a path, or the beginning of a name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import PurePath

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.progress.progress import State

#: How many names are offered in place of an unknown one.
NEAREST = 3


def current(course: Course, state: State, lab: str | None = None) -> Exercise | None:
    """The first exercise that is to be done, looked for from the one that was worked on last. None when there is none.

    Args:
        course: the course.
        state: the learner's progress.
        lab: look only in this lab.
    """
    return first_open(course.exercises(lab), latest(course, state), state.is_done)


def latest(course: Course, state: State) -> Exercise | None:
    """The exercise that was worked on last: graded, tried, or a hint was read. None at the beginning."""
    return next((each for each in course.exercises() if str(each) == state.at), None)


def first_open(
    order: Sequence[Exercise], start: Exercise | None, is_done: Callable[[Exercise], bool]
) -> Exercise | None:
    """The first exercise in which something is to be done, from one on, and then from the beginning."""
    begin = order.index(start) if start in order else 0
    return next((each for each in [*order[begin:], *order[:begin]] if not is_done(each)), None)


def find(course: Course, text: str, lab: str | None = None) -> Exercise:
    """The exercise that a learner means.

    Args:
        course: the course.
        text: ``NAME``, ``LAB/NAME``, a path such as ``exercises/LAB/NAME.py``, or the beginning of a
            name where only one exercise begins so.
        lab: look only in this lab.

    Raises:
        CourseError: there is none, or there are several. The text offers names.
    """
    path = PurePath(text)
    name, folder = path.stem if path.suffix == ".py" else path.name, path.parent.name
    if name in course.labs and path.suffix != ".py":
        raise CourseError(f"{text!r} is a lab and no exercise; name one of its exercises, or write --lab {name}")
    # Any folder may hold a file; before a bare name stands a lab.
    if folder in course.labs or (folder and path.suffix != ".py"):
        lab = lab or folder
    there = course.exercises(lab)
    labs = course.labs.values() if lab is None else [course.lab(lab)]
    if any(each.name == name for each in there) or any(name in each.merged for each in labs):
        return course.exercise(name, lab)
    begun = [each for each in there if name and each.name.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise CourseError(f"{text!r} can be {_listed(begun)}: write more of the name")
    where = f" in {lab}" if lab is not None else ""
    raise CourseError(f"there is no exercise {text!r}{where}; did you mean {_listed(_nearest(there, name))}?")


def _nearest(exercises: Sequence[Exercise], name: str) -> list[Exercise]:
    def likeness(exercise: Exercise) -> float:
        return difflib.SequenceMatcher(None, name.lower(), exercise.name).ratio()

    return sorted(exercises, key=likeness, reverse=True)[:NEAREST]


def _listed(exercises: Sequence[Exercise]) -> str:
    names = [each.name for each in exercises]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
