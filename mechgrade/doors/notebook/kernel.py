"""``check("week1/slope")`` in a cell: grade what this kernel has run, as ``make grade`` grades a file.

The learner's functions are taken as text out of the kernel's history and run in the worker's sandbox. The kernel's own state
counts for nothing, so a check says what a grader will say.
"""

from __future__ import annotations

import atexit
import os
from functools import cache
from pathlib import Path
from typing import Any

from mechgrade.course import Course, CourseError, Exercise, find_course, load_course
from mechgrade.course.hints import guide
from mechgrade.course.modules import COURSE_VARIABLE
from mechgrade.grading.errors import InfrastructureError
from mechgrade.grading.grade import grade
from mechgrade.grading.options import resolve
from mechgrade.grading.verdicts import Result
from mechgrade.grading.worker import Worker
from mechgrade.reports.cell import html, text
from mechgrade.submissions.handed_in import read_hand_in
from mechgrade.submissions.submission import Submission, SubmissionError


class CheckError(Exception):
    """The check cannot be done; the text says why and what to do. In a notebook it is shown without a traceback."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for this name
        return [f"check: {self}"]


class Points(float):
    """The points of a check. At the end of a cell the report is shown instead of the number.

    To nbgrader, where it runs notebooks itself, the plain text of a cell's last value is what the cell scores.
    """

    def __new__(cls, points: float, as_html: str) -> Points:
        made = super().__new__(cls, points)
        made._html = as_html
        made._is_shown = False
        return made

    _html: str
    _is_shown: bool

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, str]:  # IPython asks for this name
        self._is_shown = True
        return {"text/html": self._html}  # the plain text is a number's own


def check(exercise: str) -> float:
    """Grade an exercise of this notebook, show the report, and return the points.

    Args:
        exercise: its name with its lab, ``week1/slope``, or without it.
    """
    try:
        course = _course()
        chosen = named(course, exercise)
        cells = _history()
        Submission.from_cells(course, chosen, cells).source(chosen)  # without any, there is nothing to grade
        result = grade_cells(course, chosen, cells, _worker(course.limits.start_seconds))
    except (CourseError, InfrastructureError, SubmissionError) as error:
        raise CheckError(str(error)) from None
    entry = result.exercises[0]
    return _shown(Points(entry.points, html(course, entry, result)), text(course, entry))


def hint(exercise: str, number: int = 1) -> None:
    """Show a hint for an exercise; the first is the gentlest."""
    try:
        course = _course()
        hints = guide(course, named(course, exercise)).hints
    except CourseError as error:
        raise CheckError(str(error)) from None
    if not 1 <= number <= len(hints):
        raise CheckError(f"{exercise} has {len(hints)} hints, and no hint {number}")
    _display_markdown(f"**Hint {number} of {len(hints)}**\n\n{hints[number - 1].strip()}")


def submit_check(lab: str = "") -> None:
    """Say what will be found in this folder when you hand it in, and what is missing. Save the notebook first.

    Args:
        lab: such as `week1`; by default the labs of which something is here.
    """
    course = _course()
    labs = [course.lab(lab)] if lab else list(course.labs.values())
    found = read_hand_in(course, labs, Path.cwd())
    if not lab:
        there = [each for each in labs if each.name not in found.absent]
        found = read_hand_in(course, there, Path.cwd()) if there else found
    for line in found.lines(course):
        print(line)


def named(course: Course, exercise: str) -> Exercise:
    """The exercise of a name with or without its lab."""
    lab, _, name = exercise.rpartition("/")
    return course.exercise(name, lab or None)


def grade_cells(course: Course, exercise: Exercise, cells: list[str], worker: Worker) -> Result:
    """Grade an exercise as it stands in the texts of some cells."""
    submission = Submission.from_cells(course, exercise, cells)
    return grade(course, submission, [exercise], resolve(course, views=True), worker)


def _course() -> Course:
    place = os.environ.get(COURSE_VARIABLE)
    if place:
        return load_course(Path(place))
    try:
        return load_course(find_course())
    except CourseError as error:
        raise CourseError(
            f"{error}; or let the variable {COURSE_VARIABLE} name the course's directory before Jupyter starts"
        ) from None


@cache
def _worker(start_seconds: float) -> Worker:
    """One worker for all checks of a kernel: importing torch once takes seconds, a fork of it milliseconds."""
    worker = Worker(start_seconds)
    atexit.register(worker.close)
    return worker


def _history() -> list[str]:
    """The cells that this kernel has run, in the order in which it ran them."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        raise CourseError("check works in a notebook; for files there is `mechgrade grade`")
    return [str(cell) for cell in shell.history_manager.input_hist_raw]


def _shown(points: Points, as_text: str) -> float:
    """The points, whose report is seen once: as the cell's value, or after the cell where it is not the value."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    if not hasattr(shell, "kernel"):  # a terminal shows no HTML
        print(as_text)
        return float(points)

    def after(*_: object) -> None:
        from IPython.display import display

        shell.events.unregister("post_run_cell", after)
        if not points._is_shown:
            display({"text/html": points._html, "text/plain": as_text}, raw=True)

    shell.events.register("post_run_cell", after)
    return points


def _display_markdown(source: str) -> None:
    from IPython.display import Markdown, display

    display(Markdown(source))
