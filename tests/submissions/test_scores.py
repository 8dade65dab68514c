"""One hand-in, one score: each awkward hand-in is graded through every door, by the door's own way to read it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import later

from mechgrade.cohort.learners import Learner
from mechgrade.course import Course
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker
from mechgrade.submissions.find import find_submission
from mechgrade.submissions.handed_in import read_upload
from mechgrade.submissions.notebook import cells_of, read_tree
from mechgrade.submissions.submission import Submission, SubmissionError

from .awkward import AWKWARD, LAB, NAMES, VERDICTS, Case
from .test_awkward import gradebook, handed_in

pytestmark = pytest.mark.long

restore = later("mechgrade.doors.nbgrader.restore")
nbgrader_collect = later("mechgrade.doors.nbgrader.collect")
nbgrader_reader = later("mechgrade.doors.nbgrader.reader")

#: (verdict, points) by exercise.
Score = Mapping[str, tuple[str, float]]


class Scores:
    """Grades two exercises of a submission. A text that was graded before has the score that it had."""

    def __init__(self, course: Course, worker: Worker) -> None:
        self.course = course
        self.grading = Grading(course, resolve(course, isolation="process"), worker)
        self._known: dict[tuple[str, str], tuple[str, float]] = {}

    def of(self, submission: Submission) -> Score:
        """The score of each exercise."""
        return {name: self._one(submission, name) for name in NAMES}

    def _one(self, submission: Submission, name: str) -> tuple[str, float]:
        exercise = self.course.exercise(name, LAB)
        try:
            text = submission.source(exercise)
        except SubmissionError:
            text = ""
        if not text or (name, text) not in self._known:
            (entry,) = self.grading.grade(self.grading.grader(submission), [exercise]).exercises
            self._known[name, text] = (entry.verdict, entry.points)
        return self._known[name, text]


@pytest.fixture(scope="module")
def scores(course: Course, worker: Worker) -> Scores:
    """Shared by all cases: many hold the same text."""
    return Scores(course, worker)


Door = Callable[[Case, Course, Path], Submission]


def gradescope(case: Case, course: Course, folder: Path) -> Submission:
    return read_upload(course, course.lab(LAB), folder)


def cohort(case: Case, course: Course, folder: Path) -> Submission:
    exercises = [course.exercise(name, LAB) for name in NAMES]
    works = Learner("ann", (folder,)).read(course, exercises)
    return Submission.from_texts(
        {
            (work.exercise.lab, work.exercise.name): SubmissionError(work.problem) if work.text is None else work.text
            for work in works
        }
    )


def by_path(case: Case, course: Course, folder: Path) -> Submission:
    return find_submission(course, folder / f"{course.lab(LAB).slug}.ipynb")


def by_folder(case: Case, course: Course, folder: Path) -> Submission:
    return find_submission(course, folder, LAB)


def nbgrader(case: Case, course: Course, folder: Path) -> Submission:
    lab = course.lab(LAB)
    nbgrader_collect.complete(course, LAB, folder)
    nb, _ = nbgrader_reader.read(folder / f"{lab.slug}.ipynb")
    nbgrader_reader.with_files(course, lab, folder, nb)
    about = {"db_url": "", "notebook": lab.slug, "assignment": LAB}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "mechgrade.doors.nbgrader.restore.Gradebook", lambda _url: contextlib.nullcontext(gradebook(course))
        )
        nb, _ = restore.Restore().preprocess(nb, {"nbgrader": about})
    return Submission.from_notebook(course, lab, nb)


def kernel(case: Case, course: Course, folder: Path) -> Submission:
    """What each exercise's last check sees, when all cells are run from the top."""
    cells, _ = cells_of(read_tree(folder / f"{course.lab(LAB).slug}.ipynb", folder), "")
    texts = [cell.source for cell in cells if cell.cell_type == "code"]
    found: dict[tuple[str, str], Any] = {}
    for name in NAMES:
        last = max(place for place, text in enumerate(texts) if "check(" in text and name in text)
        exercise = course.exercise(name, LAB)
        try:
            found[LAB, name] = Submission.from_cells(course, exercise, texts[: last + 1]).source(exercise)
        except SubmissionError as error:
            found[LAB, name] = error
    return Submission.from_texts(found)


def doors(case: Case) -> Iterator[tuple[str, Door]]:
    """The ways in that a hand-in can take."""
    yield "Gradescope", gradescope
    yield "cohort", cohort
    yield "by its folder", by_folder
    yield "nbgrader", nbgrader
    if case.kernel:
        yield "kernel", kernel
    if case.nbgrader and case.kernel:
        yield "by its path", by_path


@pytest.mark.parametrize("case", AWKWARD, ids=lambda case: case.name)
def test_every_door_gives_the_same_score(case: Case, scores: Scores, tmp_path: Path) -> None:
    found = {}
    for name, door in doors(case):
        place = tmp_path / name.replace(" ", "-")
        place.mkdir()
        found[name] = scores.of(door(case, scores.course, handed_in(case, scores.course, place)))
    assert len(found) >= 2
    first = found["Gradescope"]
    assert found == dict.fromkeys(found, first)
    for exercise, deserved in case.expected.items():
        assert first[exercise][0] in VERDICTS[deserved], (exercise, first)
