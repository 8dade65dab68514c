"""The text that is chosen for each exercise of an awkward hand-in, by every way in. That it is the right text is found out by running it."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support import later

from mechgrade.course import Course
from mechgrade.submissions.find import find_submission
from mechgrade.submissions.handed_in import read_upload
from mechgrade.submissions.notebook import cells_of, read_tree
from mechgrade.submissions.submission import Submission, SubmissionError

from .awkward import AWKWARD, LAB, NAMES, Case, Deserved, blank

restore = later("mechgrade.doors.nbgrader.restore")
nbgrader_collect = later("mechgrade.doors.nbgrader.collect")
nbgrader_reader = later("mechgrade.doors.nbgrader.reader")

#: An answer that is a coroutine is never awaited, and Python says so.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine")

CALLS = {
    "find_heads": "find_heads(torch.tensor([[0.5, 0.1, 0.9], [0.7, 0.9, 0.0]]), 0.3), raises(find_heads, torch.zeros(3), 0.0)",
    "repeated_tokens": "[row[:4] == row[:1] + row[4:] for row in repeated_tokens(9, 3, 2, 3, 0).tolist()], raises(repeated_tokens, 1, 0, 1, 1, 0)",
}
RESULTS = {
    "find_heads": ([(0, 2), (1, 1), (1, 0), (0, 0)], True),
    "repeated_tokens": ([True, True], True),
}


def raises(function: Any, *arguments: Any) -> bool:
    """Whether a call raises ValueError, as the text of an exercise asks."""
    try:
        function(*arguments)
    except ValueError:
        return True
    return False


def deserves(submission: Submission, course: Course, name: str) -> Deserved:
    """What a text deserves, by its results on a few inputs."""
    import torch

    try:
        text = submission.source(course.exercise(name, LAB))
    except SubmissionError:
        return "missing"
    module: dict[str, Any] = {"__name__": "submission"}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, name, "exec", dont_inherit=True), module)
            return (
                "right" if eval(CALLS[name], {**module, "torch": torch, "raises": raises}) == RESULTS[name] else "wrong"
            )
    except NotImplementedError:
        return "stub"
    except Exception:
        return "wrong"


def found(submission: Submission, course: Course) -> dict[str, Deserved]:
    return {name: deserves(submission, course, name) for name in NAMES}


def handed_in(case: Case, course: Course, folder: Path) -> Path:
    folder = folder / "hand-in"
    folder.mkdir()
    case.build(course, folder)
    return folder


def named(cases: tuple[Case, ...] = AWKWARD) -> Any:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def test_no_two_cases_have_one_name() -> None:
    assert len({case.name for case in AWKWARD}) == len(AWKWARD)


@named()
def test_an_upload(case: Case, course: Course, tmp_path: Path) -> None:
    """As Gradescope and the cohort read it."""
    folder = handed_in(case, course, tmp_path)
    assert found(read_upload(course, course.lab(LAB), folder), course) == case.expected


@named()
def test_at_nbgrader(case: Case, course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As nbgrader's steps leave the notebook: completed, read, its checks restored."""
    folder = handed_in(case, course, tmp_path)
    lab = course.lab(LAB)
    # The folder is not in the course's: what it is told is the lab.
    nbgrader_collect.complete(course, LAB, folder)
    nb, _ = nbgrader_reader.read(folder / f"{lab.slug}.ipynb")
    nbgrader_reader.with_files(course, lab, folder, nb)
    monkeypatch.setattr(
        "mechgrade.doors.nbgrader.restore.Gradebook", lambda _url: contextlib.nullcontext(gradebook(course))
    )
    about = {"db_url": "", "notebook": lab.slug, "assignment": LAB}
    nb, _ = restore.Restore().preprocess(nb, {"nbgrader": about})
    assert sum(cell.metadata.get("nbgrader", {}).get("grade", False) for cell in nb.cells) == len(lab.exercises)
    assert found(Submission.from_notebook(course, lab, nb), course) == case.expected


def gradebook(course: Course) -> Any:
    """What nbgrader's gradebook knows of the released notebook."""
    entries = [
        SimpleNamespace(source=cell["source"], cell_type=cell["cell_type"], checksum="", max_score=1, **about)
        for cell in blank(course)["cells"]
        if (about := {**cell["metadata"].get("nbgrader", {})})
    ]
    for entry in entries:
        entry.name = entry.grade_id
    book = SimpleNamespace(
        source_cells=entries,
        grade_cells=[entry for entry in entries if entry.grade],
        solution_cells=[entry for entry in entries if entry.solution],
        task_cells=[],
    )
    return SimpleNamespace(find_notebook=lambda _notebook, _assignment: book)


@named(tuple(case for case in AWKWARD if case.kernel))
def test_in_a_kernel(case: Case, course: Course, tmp_path: Path) -> None:
    """As the check in the notebook sees it, when all cells are run from the top."""
    folder = handed_in(case, course, tmp_path)
    cells, _ = cells_of(read_tree(folder / f"{course.lab(LAB).slug}.ipynb", folder), "")
    texts = [cell.source for cell in cells if cell.cell_type == "code"]
    for name, expected in case.expected.items():
        calls = [
            place for place, text in enumerate(texts) if "check(" in text and f"{name}" in text.rpartition("check(")[2]
        ]
        assert calls, name
        for place in calls:
            exercise = course.exercise(name, LAB)
            assert deserves(Submission.from_cells(course, exercise, texts[: place + 1]), course, name) == expected


@named(tuple(case for case in AWKWARD if case.nbgrader and case.kernel))
def test_by_its_path(case: Case, course: Course, tmp_path: Path) -> None:
    """As `mechgrade grade NOTEBOOK` reads it, without being told the lab."""
    folder = handed_in(case, course, tmp_path)
    submission = find_submission(course, folder / f"{course.lab(LAB).slug}.ipynb")
    assert {exercise.lab for exercise in submission.exercises} == {LAB}
    assert found(submission, course) == case.expected
