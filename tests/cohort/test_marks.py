"""Points that a person has changed by hand: they reach everything that a grade is read from, say why, and outlive the next grading."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mechgrade.course import Course
from mechgrade.doors.cli import app

from .ground import cohort, small_class, small_course


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return small_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def graded(course: Course, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A class of which the second learner has a known mistake in both exercises."""
    folder = tmp_path_factory.mktemp("class")
    small_class(course, folder / "class", 2, kinds=("reference", "misconception"))
    done = cohort(course, "grade", folder / "class", "--out", folder / "out", "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "class", folder / "out"


@pytest.fixture
def out(graded: tuple[Path, Path], course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the results that a test may change, and the course's folder around the commands."""
    monkeypatch.chdir(course.root)
    return shutil.copytree(graded[1], tmp_path / "out")


def mechgrade(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["cohort", *map(str, arguments)], env={"COLUMNS": "500"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.split())


def grades(out: Path, learner: str) -> dict[str, str]:
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if row["learner"] == learner)


def marked(out: Path, points: object = "4,5", *more: str) -> str:
    code, said = mechgrade("mark", out, "learner001", "find_heads", points, "--why", "The grader missed <ties>.", *more)
    assert code == 0, said
    return said


def test_a_mark_reaches_everything_that_a_grade_is_read_from(out: Path) -> None:
    before, others = grades(out, "learner001"), grades(out, "learner000")
    given = float(before["lab3/find_heads"])
    mean = json.loads((out / "summary.json").read_text())["total"]
    score = float(before["score"]) - given + 4.5
    assert f"learner001 has {score:g} points now" in marked(out)
    row = grades(out, "learner001")
    assert (row["lab3/find_heads"], row["score"]) == ("4.5", f"{score:g}")
    assert row["marked"] == f"lab3/find_heads: 4.5 of 5 points, in place of {given:g}: The grader missed <ties>."
    assert grades(out, "learner000") == others | {"marked": ""}
    page = (out / "learners/learner001.html").read_text()
    assert "in place of" in page and "missed &lt;ties&gt;" in page and f"your score is {score:g} of 10 points" in page
    assert "in place of" not in (out / "learners/learner000.html").read_text()
    found = json.loads((out / "summary.json").read_text())
    assert found["total"] == mean - given + 4.5 and sum(found["scores"]) == 2
    assert f">{score:g}<" in (out / "summary.html").read_text()
    to = out.parent / "m.csv"
    assert mechgrade("export", out, "--for", "moodle", "--to", to)[0] == 0
    with to.open(newline="", encoding="utf-8") as file:
        exported = {each["Full name"]: each for each in csv.DictReader(file)}
    assert (
        exported["learner001"]["Grade"] == f"{score:g}" and "in place of" in exported["learner001"]["Feedback comments"]
    )
    assert mechgrade("mark", out)[1] == "learner001: lab3/find_heads: 4.5 points: The grader missed <ties>."
    # The verdict stays the grader's.
    assert json.loads((out / "learners/learner001.json").read_text())["exercises"][0]["points"] == given


def test_it_outlives_the_next_grading_and_is_taken_back(course: Course, graded: tuple[Path, Path], out: Path) -> None:
    plain = {
        path.name: path.read_bytes()
        for path in (out / "grades.csv", out / "summary.json", out / "learners/learner001.html")
    }
    marked(out)
    kept = {name: (out / name).read_bytes() for name in ("grades.csv", "summary.json", "learners/learner001.html")}
    done = cohort(course, "grade", graded[0], "--out", out, "--jobs", "1")
    assert done.returncode == 0 and "1 mark by hand" in done.stdout and "Look again" not in done.stdout, done.stdout
    assert kept == {name: (out / name).read_bytes() for name in kept}
    code, said = mechgrade("mark", out, "learner001", "lab3/find_heads", "--remove")
    assert code == 0, said
    assert {name: (out / ("learners" if name.endswith(".html") else "") / name).read_bytes() for name in plain} == plain


def test_a_mark_whose_grader_gives_something_else_now_is_named(
    course: Course, graded: tuple[Path, Path], out: Path
) -> None:
    marked(out)
    marks = json.loads((out / "marks.json").read_text())
    marks[0]["graded"] += 1
    marks.append(marks[0] | {"learner": "gone"})
    (out / "marks.json").write_text(json.dumps(marks))
    done = cohort(course, "grade", graded[0], "--out", out, "--jobs", "1")
    assert "learner001: lab3/find_heads has 4.5 by hand; the grader gave" in done.stdout and "Look again" in done.stdout
    assert "gone: the mark for lab3/find_heads reaches nobody" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("learner01", "find_heads", "1", "--why", "x"), "nobody in these results is called 'learner01' (did you mean"),
        (("learner001", "find_headss", "1", "--why", "x"), "find_headss"),
        (("learner001", "find_heads", "6", "--why", "x"), "points are '6'; write a number from 0 to 5"),
        (("learner001", "find_heads", "-1", "--why", "x"), ""),
        (("learner001", "find_heads", "all", "--why", "x"), "points are 'all'"),
        (("learner001", "find_heads", "1"), "--why is missing"),
        (("learner001", "find_heads", "--why", "x"), "give a learner, an exercise and points"),
        (("learner001", "find_heads", "--remove"), "learner001 has no mark by hand for lab3/find_heads"),
    ],
)
def test_what_is_no_mark_changes_nothing(arguments: tuple[str, ...], told: str, out: Path) -> None:
    before = (out / "grades.csv").read_bytes()
    code, said = mechgrade("mark", out, *arguments)
    assert code == 2 and told in said, said
    assert (out / "grades.csv").read_bytes() == before and not (out / "marks.json").exists()


def test_points_that_were_written_into_the_table_are_told_and_kept(out: Path) -> None:
    """They would be overwritten, and count for nothing, without a word."""
    text = (out / "grades.csv").read_text().replace("learner000,", "learner000,9999", 1)
    (out / "grades.csv").write_text(text)
    code, said = mechgrade("export", out, "--to", out.parent / "e.csv")
    assert code == 0 and "was changed after it was written" in said and "mechgrade cohort mark" in said
    assert "9999" not in (out.parent / "e.csv").read_text()
    assert "was changed after it was written" in marked(out)
    assert "9999" in (out / "grades.edited.csv").read_text() and "9999" not in (out / "grades.csv").read_text()
    assert "was changed" not in mechgrade("export", out, "--to", out.parent / "e.csv")[1]
