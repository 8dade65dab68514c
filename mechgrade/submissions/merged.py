"""Files of exercises that are part of another exercise now: what of them is still of use.

The course writes an exercise's older name under ``merged`` in course.yaml. A learner may have solved that exercise before, in a file of
its own. In a hand-in such a file is read together with the file of the new exercise. In the learner's own folder nothing is
read behind the learner's back: a sentence says what to copy, until it is copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mechgrade.course import Course, Exercise
from mechgrade.submissions.assemble import Code, interface, meanings
from mechgrade.submissions.reading import SubmissionError, read_text


@dataclass(frozen=True)
class Uncopied:
    """An older file with functions that the file of the new exercise lacks."""

    old: str
    exercise: Exercise
    path: Path
    functions: tuple[str, ...]


def uncopied(course: Course, exercises: Iterable[Exercise]) -> Iterator[Uncopied]:
    """The older files in ``exercises/`` with functions of some exercises that the learner has not copied yet."""
    for exercise in exercises:
        now = course.stub_path(exercise)
        for old in (old for old, name in course.lab(exercise.lab).merged.items() if name == exercise.name):
            path = now.with_name(f"{old}.py")
            functions = missing_in(_text(course, now), _text(course, path), interface(course, exercise))
            if functions:
                yield Uncopied(old, exercise, path, functions)


def in_words(course: Course, each: Uncopied) -> str:
    """What a learner should do about an older file, in one sentence."""
    to = course.stub_path(each.exercise).relative_to(course.root)
    names = " and ".join(f"`{name}`" for name in each.functions)
    return f"{each.old} is part of {each.exercise.name} now: copy your {names} from {each.path.relative_to(course.root)} into {to}"


def missing_in(text: str, older: str, names: Iterable[str]) -> tuple[str, ...]:
    """The functions of some names that an older text has written, and a text has not."""
    mine, theirs = Code([text]), Code([older])
    return tuple(name for name in names if theirs.written([name]) and not mine.written([name]))


def joined(text: str, older: str, names: Iterable[str]) -> str | None:
    """A text with the functions that only an older one has. None where both give one name of a helper two meanings."""
    names = tuple(names)
    taken = missing_in(text, older, names)
    mine, theirs = meanings(text), meanings(Code([older]).assemble(taken))
    if any(mine[name] != theirs[name] for name in (mine.keys() & theirs.keys()) - {*names}):
        return None
    return Code([text, older]).assemble(names, until=1)


def _text(course: Course, path: Path) -> str:
    """A file of the learner's own folder; empty where it is not there or cannot be read, which grading tells."""
    try:
        return read_text(path, course.root / "exercises")
    except (FileNotFoundError, SubmissionError):
        return ""
