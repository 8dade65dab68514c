"""From nothing to an audited course of one's own, in an environment that has only what pip brings: `init`, `new-lab`, `new`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from support import ROOT, later

from mechgrade.authoring.schema import schema_text
from mechgrade.course import load_course

from .conftest import Run

pytestmark = pytest.mark.long

jsonschema = later("jsonschema")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("init")


def files(root: Path) -> dict[str, bytes]:
    paths = [each for each in root.rglob("*") if each.is_file() and not {"__pycache__", ".mechgrade"} & set(each.parts)]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def test_a_course_that_grades_and_passes_its_audit_at_once(bare: Run, place: Path) -> None:
    done = bare(place, "init", "lines", "--title", "Lines: a course")
    assert done.returncode == 0, done.stderr
    course = load_course(place / "lines")
    assert (course.title, course.bench, [str(each) for each in course.exercises()]) == (
        "Lines: a course",
        "none",
        ["week1/row_means"],
    )
    assert "5 / 5" in bare(place / "lines", "grade", "solutions").stdout
    assert "not started" in bare(place / "lines", "grade").stdout
    assert bare(place / "lines", "build", "--check").returncode == 0
    done = bare(place / "lines", "audit", "--write")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| Lab week1 | 1 |" in (place / "lines/README.md").read_text()
    said = subprocess.run(["make", "help"], cwd=place / "lines", capture_output=True, text=True, check=True).stdout
    assert "grade Grade exercises/; LAB and EXERCISE narrow it" in " ".join(said.split())


def test_another_exercise_and_another_lab(bare: Run, place: Path) -> None:
    root = place / "lines"
    done = bare(root, "new", "week1", "second_means", "--points", "7")
    assert done.returncode == 0, done.stderr
    done = bare(root, "new-lab", "week2", "third_means", "--title", "More: of it")
    assert done.returncode == 0, done.stderr
    course = load_course(root)
    assert [str(each) for each in course.exercises()] == ["week1/row_means", "week1/second_means", "week2/third_means"]
    assert (course.exercise("second_means").points, course.lab("week2").title) == (7, "More: of it")
    assert "17 / 17" in bare(root, "grade", "solutions").stdout
    assert "limits:  # for each exercise" in (root / "course.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["new", "week1", "not-a-name"], "is no name for an exercise"),
        (["new", "week1", "row_means"], "there is an exercise week1/row_means already"),
        (["new-lab", "week1", "fourth"], "there is a lab 'week1' already"),
        (["new-lab", "week3", "class"], "is no name for an exercise"),
    ],
)
def test_what_fails_leaves_nothing_behind(bare: Run, place: Path, arguments: list[str], why: str) -> None:
    root = place / "lines"
    before = files(root)
    done = bare(root, *arguments)
    assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert files(root) == before


def test_what_fails_half_way_is_undone(bare: Run, place: Path) -> None:
    """The new files are right, and building fails: a learner's work would be overwritten."""
    root = place / "lines"
    stub, source = root / "exercises/week1/row_means.py", root / "solutions/week1/row_means.py"
    texts = {path: path.read_text() for path in (stub, source)}
    for path, text in texts.items():
        path.write_text(text + "# changed\n")
    before = files(root)
    done = bare(root, "new", "week1", "fourth")
    assert done.returncode == 1 and "has changes that mechgrade build did not make" in done.stderr, done.stderr
    assert files(root) == before
    for path, text in texts.items():
        path.write_text(text)


def test_a_course_is_made_only_where_nothing_is(bare: Run, place: Path) -> None:
    before = files(place / "lines")
    done = bare(place, "init", "lines")
    assert (done.returncode, "lines is there already" in done.stderr) == (2, True)
    assert files(place / "lines") == before
    done = bare(place, "init", "other", "--lab", "not a lab")
    assert done.returncode == 2 and not (place / "other").exists(), done.stderr
    done = bare(place, "init", "other", "--bench", "transformer_lens")
    assert (
        done.returncode == 2 and "init makes courses on none or torch" in done.stderr and not (place / "other").exists()
    )


def test_the_archives_can_be_installed(bare: Run, place: Path) -> None:
    root = place / "lines"
    assert bare(root, "dist", "--no-notebooks").stdout.startswith("wrote dist/lines-a-course.zip")
    names = set(ZipFile(root / "dist/lines-a-course.zip").namelist())
    top = "lines-a-course"
    assert {
        f"{top}/{name}" for name in ("course.yaml", "Makefile", "requirements.txt", "graders/week1/test_row_means.py")
    } <= names
    done = bare(root, "export", "gradescope", "week1")
    assert done.returncode == 0, done.stderr
    with ZipFile(root / "dist/gradescope-week1.zip") as file:
        assert "requirements.txt" in file.namelist() and b"-r requirements.txt" in file.read("setup.sh")
    (root / "requirements.txt").rename(root / "kept.txt")
    try:
        for command in (["dist"], ["export", "gradescope", "week1"]):
            done = bare(root, *command)
            assert done.returncode == 1 and "nobody could install what grades this course" in done.stderr
    finally:
        (root / "kept.txt").rename(root / "requirements.txt")


def test_the_schema_takes_what_loads_and_refuses_what_does_not(place: Path) -> None:
    schema = json.loads(schema_text())
    assert json.loads((place / "lines/course.schema.json").read_text()) == schema
    for root in (ROOT, place / "lines"):
        jsonschema.validate(yaml.safe_load((root / "course.yaml").read_text()), schema)
    good = yaml.safe_load((place / "lines/course.yaml").read_text())
    for wrong in ({"titel": "x"}, {"isolation": "none"}, {"labs": {}}, {"limits": {"seconds": 0}}, {"title": 3}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**good, **wrong}, schema)
