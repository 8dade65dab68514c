"""Grades a submitted notebook in mechgrade's sandbox, in the place of the preprocessor that would execute it.

The exercises' sources are taken out of the cells as text. Each check cell gets two outputs: the report, for the feedback, and the
points as a number, which nbgrader's SaveAutoGrades takes for the score. No Jupyter kernel is started.
"""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from nbformat.v4 import new_output
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Unicode

from mechgrade.course import Course, CourseError, Lab, load_course
from mechgrade.grading.grade import grade
from mechgrade.grading.options import Options, resolve
from mechgrade.grading.verdicts import Result
from mechgrade.grading.worker import Worker
from mechgrade.reports.cell import html, text
from mechgrade.submissions.cells import check_id
from mechgrade.submissions.submission import Submission


class FaultError(Exception):
    """The machine or a grader failed, so there is no score. nbgrader reports it, and goes on with the next submission."""


class Sandbox(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader is untyped
    """Grades the checks of one notebook."""

    course_root = Unicode("", help="The course's directory, with course.yaml.").tag(config=True)
    secret = Unicode("", help="Grade on hidden inputs too, drawn from this secret. [MECHGRADE_SECRET]").tag(config=True)
    model = Unicode("", help="A model of course.yaml; empty for the course's default.").tag(config=True)
    device = Unicode("cpu", help="cpu, cuda or cuda:N.").tag(config=True)

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Grade one notebook.

        Raises:
            FaultError: there is no verdict.
        """
        course = _course(self.course_root)
        lab = course.lab(resources["nbgrader"]["assignment"])
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        result = grade_notebook(course, lab, nb, self.options(course))
        learner = resources["nbgrader"].get("student", "")
        for entry in result.faults:
            raise FaultError(
                f"{learner}: {entry.lab}/{entry.exercise} could not be graded, by no fault of the learner's: {entry.message}"
            )
        entries = {check_id(course.exercise(entry.exercise, entry.lab)): entry for entry in result.exercises}
        for cell in nb.cells:
            found = entries.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
            if found is None and is_grade(cell) and not is_solution(cell):
                # nbgrader gives full points to a check without output.
                name = cell.metadata["nbgrader"]["grade_id"]
                raise FaultError(
                    f"the assignment has a check {name!r} that course.yaml knows no exercise for; release the lab again, or put "
                    "the exercise back"
                )
            if found is not None and cell.cell_type == "code":
                report = {"text/html": html(course, found, result, first_hint=True), "text/plain": text(course, found)}
                cell.metadata["nbgrader"]["points"] = found.max_points
                cell.outputs = [
                    new_output("display_data", data=report, metadata={"mechgrade": found.as_tree()}),
                    new_output("execute_result", data={"text/plain": f"{found.points:g}"}, execution_count=None),
                ]
        set_maxima(
            lab, resources["nbgrader"].get("db_url"), {name: entry.max_points for name, entry in entries.items()}
        )
        print(f"{learner}: {lab.name}, {result.score:g} of {result.max_score:g} points", flush=True)
        return nb, resources

    def options(self, course: Course) -> Options:
        """How to grade: at the strongest isolation of this machine.

        Raises:
            FaultError: it is weaker than the course asks for.
        """
        secret = self.secret or os.environ.get("MECHGRADE_SECRET")
        try:
            return resolve(course, model=self.model or None, device=self.device, hidden=secret, views=True, counts=True)
        except CourseError as error:
            raise FaultError(str(error)) from None


def grade_notebook(course: Course, lab: Lab, nb: Any, options: Options) -> Result:
    """Grade all exercises of a lab in a notebook."""
    submission = Submission.from_notebook(course, lab, nb)
    return grade(course, submission, submission.exercises, options, _worker(course.limits.start_seconds))


def set_maxima(lab: Lab, db_url: str | None, maxima: Mapping[str, float]) -> None:
    """Let the gradebook's maxima be those of the model: less than was released where it lacks what an exercise needs."""
    if db_url is None:
        return
    with Gradebook(db_url) as book:
        for name, points in maxima.items():
            with contextlib.suppress(MissingEntry):
                cell = book.find_graded_cell(name, lab.slug, lab.name)
                if cell.max_score != points:
                    cell.max_score = points
        book.db.commit()


@cache
def _course(root: str) -> Course:
    return load_course(Path(root))


@cache
def _worker(start_seconds: float) -> Worker:
    """One worker for the whole class: nbgrader makes a preprocessor anew for every notebook."""
    worker = Worker(start_seconds)
    atexit.register(worker.close)
    return worker
