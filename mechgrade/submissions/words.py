"""What was found in a hand-in and what is missing, in words: the same for learners and instructors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mechgrade.course import Course, Exercise
from mechgrade.submissions.reading import shown

#: What to do where the file of an exercise is gone.
BRINGS_BACK = "`mechgrade build` or the course's archive brings the stub back"


def named_for(path: Path, names: Sequence[str]) -> str:
    """For which exercises a file counts; nothing where its own name says so."""
    return "" if list(names) == [path.stem] and path.suffix == ".py" else f" for {', '.join(names)}"


def not_begun_in_words(files: Iterable[tuple[str, Path, str]]) -> list[str]:
    """Files that are there without an answer in them, a file in a line.

    Args:
        files: the exercise, the file, and why there is no answer.
    """
    by_file: dict[tuple[Path, str], list[str]] = {}
    for name, path, why in files:
        by_file.setdefault((path, why), []).append(name)
    return [f"{shown(path)}{named_for(path, names)}: {why}" for (path, why), names in by_file.items()]


def missing_in_words(course: Course, missing: Iterable[Exercise]) -> list[str]:
    """Missing exercises, a lab in a line: a whole lab is named once."""
    by_lab: dict[str, list[str]] = {}
    for exercise in missing:
        by_lab.setdefault(exercise.lab, []).append(exercise.name)
    whole = [lab for lab, names in by_lab.items() if len(names) == len(course.labs[lab].exercises)]
    lines = [f"{_and(whole)}, all exercises"] if whole else []
    return lines + [f"{lab}: {', '.join(names)}" for lab, names in by_lab.items() if lab not in whole]


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
