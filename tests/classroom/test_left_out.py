"""Where the model lacks what an exercise needs, the gradebook's maximum is less by its points, for the whole class; and no learner loses any."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from support import later

from mechgrade.course import Course, CourseError
from mechgrade.submissions.cells import check_id

nbgrader = later("nbgrader.api")
gradebook, sandbox = later("mechgrade.doors.nbgrader.gradebook"), later("mechgrade.doors.nbgrader.sandbox")


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command `alembic`, by which nbgrader makes a gradebook."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def released(course: Course, lab: str, db_url: str) -> None:
    """The gradebook as a release leaves it: each exercise with its points of course.yaml."""
    with nbgrader.Gradebook(db_url) as book:
        book.add_assignment(lab)
        book.add_notebook(course.lab(lab).slug, lab)
        for exercise in course.exercises(lab):
            book.add_grade_cell(
                check_id(exercise), course.lab(lab).slug, lab, max_score=exercise.points, cell_type="code"
            )


def points(course: Course, lab: str, db_url: str) -> tuple[float, float]:
    """A learner's score and the maximum."""
    with nbgrader.Gradebook(db_url) as book:
        return float(book.find_submission(lab, "ada").score), float(book.find_assignment(lab).max_score)


def result(course: Course, lab: str, left_out: str) -> dict[str, object]:
    """Ada's results: all passed, but for an exercise that was left out."""
    entries = []
    for exercise in course.exercises(lab):
        there = 0.0 if exercise.name == left_out else float(exercise.points)
        verdict = "passed" if there else "not_applicable"
        entries.append(
            {"lab": lab, "exercise": exercise.name, "verdict": verdict, "points": there, "max_points": there}
        )
    return {"learner": "ada", "exercises": entries}


def test_results_bring_the_maximum_with_them(course: Course, tmp_path: Path) -> None:
    db_url, whole = f"sqlite:///{tmp_path / 'gradebook.db'}", course.lab("lab1").points
    released(course, "lab1", db_url)
    (tmp_path / "results/learners").mkdir(parents=True)
    for left_out, there in (("describe_model", whole - course.exercise("describe_model").points), ("", whole)):
        text = json.dumps(result(course, "lab1", left_out))
        (tmp_path / "results/learners/ada.json").write_text(text)
        assert gradebook.fill(course, course.lab("lab1"), tmp_path / "results", db_url) == []
        # The second time on a model that has all: the points are back.
        assert points(course, "lab1", db_url) == (there, there)


def test_points_by_hand_are_manual_points_in_the_gradebook(course: Course, tmp_path: Path) -> None:
    db_url, whole = f"sqlite:///{tmp_path / 'gradebook.db'}", course.lab("lab1").points
    released(course, "lab1", db_url)
    (tmp_path / "results/learners").mkdir(parents=True)
    (tmp_path / "results/learners/ada.json").write_text(json.dumps(result(course, "lab1", "")))
    mark = {"learner": "ada", "exercise": "lab1/describe_model", "points": 1.5, "why": "Copied.", "graded": 5.0}
    (tmp_path / "results/marks.json").write_text(json.dumps([mark]))
    assert gradebook.fill(course, course.lab("lab1"), tmp_path / "results", db_url) == []
    less = course.exercise("describe_model").points - 1.5
    assert points(course, "lab1", db_url) == (whole - less, whole)


def test_results_of_another_lab_fill_nothing(course: Course, tmp_path: Path) -> None:
    db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    released(course, "lab1", db_url)
    (tmp_path / "results/learners").mkdir(parents=True)
    (tmp_path / "results/learners/ada.json").write_text(json.dumps(result(course, "lab2", "")))
    (tmp_path / "results/summary.json").write_text('{"exercises": [{"lab": "lab2"}]}')
    with pytest.raises(CourseError, match="are of lab2, and not of lab1"):
        gradebook.fill(course, course.lab("lab1"), tmp_path / "results", db_url)
    with nbgrader.Gradebook(db_url) as book:
        assert not book.students


def test_autograding_does_so_too(course: Course, tmp_path: Path) -> None:
    db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    released(course, "lab1", db_url)
    lab = course.lab("lab1")
    sandbox.set_maxima(
        lab, db_url, {check_id(course.exercise("describe_model")): 0.0, "a check that is not there": 3.0}
    )
    with nbgrader.Gradebook(db_url) as book:
        assert book.find_assignment("lab1").max_score == lab.points - course.exercise("describe_model").points
    sandbox.set_maxima(lab, None, {})  # where nbgrader names no gradebook, there is nothing to set
