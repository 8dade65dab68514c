"""The file that a learner means by what was typed: the path of a file means that very file, and not the one of the course with the same name."""

from __future__ import annotations

from pathlib import Path

from mechgrade.course import Course, CourseError
from mechgrade.submissions.find import find_submission
from mechgrade.submissions.submission import Submission


def named_file(course: Course, text: str, lab: str | None = None) -> Submission | None:
    """The one file that a text is the path of; None where the text is a name.

    Args:
        course: the course. A path may also be told from its folder.
        text: what was typed.
        lab: the lab, where the path does not tell it.

    Raises:
        CourseError: nothing is there, or it is no exercise's file.
    """
    path = next((each for each in (Path(text), course.root / text) if each.is_file()), None)
    if path is None:
        if text.endswith(".py") and Path(text).name != text:
            raise CourseError(f"there is no file {text}")
        return None
    if path.suffix != ".py":
        raise CourseError(f"{text} is no exercise's .py file; give such a file, or an exercise's name")
    return find_submission(course, path, lab)
