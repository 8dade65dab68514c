"""What several tests need besides fixtures."""

from __future__ import annotations

from pathlib import Path

from mechgrade.course import Course, Exercise
from mechgrade.grading.grader import Grader, Settings
from mechgrade.grading.remote import Zygote
from mechgrade.grading.run import grade
from mechgrade.grading.submission import find_submission
from mechgrade.grading.verdicts import Result

ROOT = Path(__file__).parents[1]


def grade_folder(course: Course, zygote: Zygote, folder: Path, exercises: list[Exercise], **settings: object) -> Result:
    """Grade a submission with a worker that is already warm."""
    chosen = {"isolation": "process", **settings}
    grader = Grader(course, Settings(find_submission(course, folder), **chosen), zygote)  # type: ignore[arg-type]
    return grade(grader, exercises)
