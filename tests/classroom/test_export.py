"""Results in the forms of others: Gradescope, JUnit, CSV. As far as it can be tried without the services."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from support import ROOT, grade_folder, later
from typer.testing import CliRunner

from mechgrade.authoring.gradescope import RUN, autograder
from mechgrade.course import Course, CourseError
from mechgrade.course.source import read_source
from mechgrade.course.variants import programs
from mechgrade.doors.cli import app
from mechgrade.grading.verdicts import Check, Result
from mechgrade.grading.worker import Worker
from mechgrade.reports.gradescope import results
from mechgrade.reports.junit import junit

jsonschema = later("jsonschema")
nbgrader_api = later("nbgrader.api")
nbgrader_config = later("mechgrade.doors.nbgrader.config")
nbgrader_tables = later("mechgrade.doors.nbgrader.tables")

#: Gradescope's documented fields, and no others.
VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
GRADESCOPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["tests"],
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": FORMAT,
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


@pytest.fixture(scope="module")
def result(course: Course, worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """One exercise right, one mistaken, one not started."""
    folder = tmp_path_factory.mktemp("submission")
    (folder / "lab3").mkdir()
    right, mistaken, stub = (course.exercise(name) for name in ("repeated_tokens", "find_heads", "loss_by_position"))
    mistake = next(each for each in programs(course, mistaken) if each.kind == "misconception")
    (folder / "lab3/repeated_tokens.py").write_text(read_source(course, right).reference)
    (folder / "lab3/find_heads.py").write_text(mistake.source)
    (folder / "lab3/loss_by_position.py").write_text(read_source(course, stub).stub)
    return grade_folder(course, worker, folder, [right, mistaken, stub])


def test_gradescope_reads_it(course: Course, result: Result) -> None:
    tree = json.loads(json.dumps(results(course, result)))
    jsonschema.validate(tree, GRADESCOPE)
    assert tree["score"] == sum(test["score"] for test in tree["tests"]) == result.score
    assert sum(test["max_score"] for test in tree["tests"]) == result.max_score
    mistaken = [test for test in tree["tests"] if "find_heads" in test["tags"] and test["status"] == "failed"]
    assert any(result.exercises[1].checks[0].sentence in test["output"] for test in mistaken)
    assert all(test["visibility"] == "visible" for test in tree["tests"])


def test_hidden_checks_and_faults_at_gradescope(course: Course, result: Result) -> None:
    entry = result.exercises[1]
    checks, entry.checks = (
        entry.checks,
        [
            Check("a", "wrong", 0, 3, message="on hidden inputs the result is not the reference's"),
            Check("b", "infrastructure_error", 0, 2, message="no memory"),
        ],
    )
    try:
        tree = results(course, result)
    finally:
        entry.checks = checks
    jsonschema.validate(tree, GRADESCOPE)
    assert "score" not in tree and "not your code's fault" in tree["output"]
    assert [test["visibility"] for test in tree["tests"] if test["max_score"] == 3][-1] == "after_published"


def test_junit_is_what_ci_reads(result: Result) -> None:
    tree = result.as_tree()
    tree["exercises"][1]["checks"][0]["message"] = "bad \x00 \x1b[31m <&>"
    root = ElementTree.fromstring(junit(tree))
    cases = root.findall("testsuite/testcase")
    assert len(cases) == sum(len(entry.checks) for entry in result.exercises)
    kinds = [[child.tag for child in case] for case in cases]
    assert ["failure"] in kinds and ["skipped"] in kinds and [] in kinds
    for suite in root:
        counts = {kind: sum(case.find(kind) is not None for case in suite) for kind in ("failure", "error", "skipped")}
        assert counts == {
            "failure": int(suite.attrib["failures"]),
            "error": int(suite.attrib["errors"]),
            "skipped": int(suite.attrib["skipped"]),
        }


def test_junit_by_command(result: Result, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(result.as_tree()))
    runner = CliRunner()
    assert (
        runner.invoke(app, ["export", "junit", str(tmp_path / "r.json"), "--to", str(tmp_path / "r.xml")]).exit_code
        == 0
    )
    assert ElementTree.parse(tmp_path / "r.xml").getroot().tag == "testsuites"
    done = runner.invoke(app, ["export", "junit", str(tmp_path / "r.json"), "--to", str(tmp_path / "r.json")])
    assert done.exit_code == 2 and "is the result itself" in done.output
    for text, told in (
        ("[]", "is JSON, and no result of one hand-in"),
        ('{"exercises": [{"lab": "lab3"}]}', "is JSON, and no result of one hand-in"),
        ("learner,score\r\nada,5\r\n", "is no JSON"),
    ):
        (tmp_path / "r.json").write_text(text)
        done = runner.invoke(app, ["export", "junit", str(tmp_path / "r.json"), "--to", str(tmp_path / "r.xml")])
        assert done.exit_code == 2 and told in done.output and "Error" not in done.output


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    # nbgrader makes a gradebook with the command `alembic`.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    with nbgrader_api.Gradebook(url) as gradebook:
        gradebook.add_assignment("lab1", duedate=datetime(2030, 1, 1))
        gradebook.add_notebook("n", "lab1")
        gradebook.add_grade_cell("c", "n", "lab1", max_score=10, cell_type="code")
        gradebook.add_student("ada", first_name='Ada "A."', last_name="Lovelace, Countess", email="ada@example.org")
        gradebook.add_student("=1+1", first_name="Évariste\nG.", last_name="Galois")
        gradebook.add_student("absent")
        for learner, score in (("ada", 7.5), ("=1+1", 10)):
            gradebook.add_submission("lab1", learner)
            gradebook.find_grade("c", "n", "lab1", learner).auto_score = score
        gradebook.find_submission("lab1", "ada").notebooks[0].late_submission_penalty = 2
        gradebook.db.commit()
    return url


def rows(text: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_gradebook_is_found_by_the_courses_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MECHGRADE_DB", raising=False)
    assert nbgrader_config.database(ROOT) == f"sqlite:///{ROOT}/gradebook/gradebook.db"
    monkeypatch.setenv("MECHGRADE_DB", "postgresql://grader@host/book")
    assert nbgrader_config.database(ROOT) == "postgresql://grader@host/book"
    with pytest.raises(CourseError, match=r"no nbgrader_config\.py"):
        nbgrader_config.database(tmp_path)


def test_the_gradebook_as_csv(book: str) -> None:
    """Commas, quotes, line breaks and formulas in names, which nbgrader's own export writes as they are."""
    made = nbgrader_tables.table(book, "plain", [])
    text = made.text
    assert (made.learners, made.labs) == (3, ["lab1"])
    with pytest.raises(CourseError, match="the gradebook has no lab9; it has lab1"):
        nbgrader_tables.table(book, "plain", ["lab1", "lab9"])
    assert text.count("\r\n") == 4
    found = {row["learner"]: row for row in rows(text)}
    assert found["ada"]["last_name"] == "Lovelace, Countess" and found["ada"]["first_name"] == 'Ada "A."'
    assert found["ada"]["lab1 (10)"] == "5.5"
    assert found["'=1+1"]["first_name"] == "Évariste\nG."
    assert found["absent"]["lab1 (10)"] == ""


def test_the_columns_of_canvas_and_moodle(book: str) -> None:
    canvas = rows(nbgrader_tables.table(book, "canvas", ["lab1"]).text)
    assert list(canvas[0])[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert canvas[0]["Student"].strip() == "Points Possible" and canvas[0]["lab1"] == "10"
    assert {row["SIS Login ID"]: row["lab1"] for row in canvas[1:]}["ada"] == "5.5"
    moodle = rows(nbgrader_tables.table(book, "moodle", ["lab1"]).text)
    assert {row["username"]: (row["email"], row["lab1"]) for row in moodle}["ada"] == ("ada@example.org", "5.5")


@pytest.mark.long
@pytest.mark.parametrize("hidden", [False, True])
def test_gradescopes_autograder_runs(course: Course, tmp_path: Path, hidden: bool) -> None:
    """`run_autograder` as Gradescope starts it, in its folders, with this environment in the place of setup.sh's."""
    path = autograder(course, course.lab("lab4"), tmp_path / "auto.zip", hidden=hidden)
    place = tmp_path / "autograder"
    with ZipFile(path) as file:
        assert file.getinfo("run_autograder").external_attr >> 16 == 0o755
        names = file.namelist()
        file.extractall(place / "source")
    assert any(name.startswith("solutions/") for name in names) == hidden
    assert not [name for name in names if "/variants/" in name]
    (place / "submission").mkdir()
    exercise = course.exercise("sae_decode")
    (place / "submission/sae_decode.py").write_text(read_source(course, exercise).reference)
    subprocess.run(["bash", "-n", place / "source/setup.sh"], check=True)
    done = subprocess.run(
        ["bash", place / "source/run_autograder"],
        env={"PATH": os.environ["PATH"], "AUTOGRADER": str(place), "MECHGRADE_PYTHON": sys.executable},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tree = json.loads((place / "results/results.json").read_text())
    jsonschema.validate(tree, GRADESCOPE)
    assert tree["score"] == exercise.points


#: In the place of Python: what it does, and words of the reason that Gradescope shows.
BROKEN = {
    "interpreter missing": (None, "Python is missing"),
    "time-out": ("sleep 60", "longer than 1 seconds"),
    "out of memory": ("kill -9 $$", "too little memory"),
    "crash": ("exit 3", "exit code 3"),
    "half a result": ("exit 0", "exit code 0"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_gradescope_finds_a_result_whatever_happens(tmp_path: Path, case: str) -> None:
    """A fault is told, and is no zero: there is no score in it. An old result does not stay."""
    instead, words = BROKEN[case]
    run = RUN.replace("@LAB@", "lab1").replace("@SECONDS@", "1")
    (tmp_path / "source").mkdir()
    (tmp_path / "run_autograder").write_text(run)
    python = tmp_path / "python"
    if instead is not None:
        python.write_text(f"#!/bin/bash\n{instead}\n")
        python.chmod(0o755)
    (tmp_path / "results").mkdir()
    (tmp_path / "results/results.json").write_text('{"score": 80, "tests": []}')
    done = subprocess.run(
        ["bash", tmp_path / "run_autograder"],
        env={"PATH": os.environ["PATH"], "AUTOGRADER": str(tmp_path), "MECHGRADE_PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    tree = json.loads((tmp_path / "results/results.json").read_text())
    jsonschema.validate(tree, GRADESCOPE)
    assert "score" not in tree and tree["tests"] == []
    assert words in tree["output"] and "not your code's fault" in tree["output"]


@pytest.mark.long
@pytest.mark.parametrize("upload", ["none", "a broken zip", "a zip in a zip"])
def test_gradescope_with_odd_uploads(course: Course, tmp_path: Path, upload: str) -> None:
    """A broken upload has its zeros and reasons; what is packed twice is graded."""
    submission = tmp_path / "submission"
    exercise = course.exercise("find_heads")
    if upload != "none":
        submission.mkdir()
    if upload == "a broken zip":
        (submission / "hw.zip").write_bytes(b"no zip")
    elif upload == "a zip in a zip":
        with ZipFile(tmp_path / "inner.zip", "w") as archive:
            archive.writestr("find_heads (1).py", read_source(course, exercise).reference)
        with ZipFile(submission / "outer.zip", "w") as archive:
            archive.write(tmp_path / "inner.zip", "inner.zip")
    (tmp_path / "run_autograder").write_text(RUN.replace("@LAB@", "lab3").replace("@SECONDS@", "500"))
    (tmp_path / "source").symlink_to(ROOT)
    done = subprocess.run(
        ["bash", tmp_path / "run_autograder"],
        env={"PATH": os.environ["PATH"], "AUTOGRADER": str(tmp_path), "MECHGRADE_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    tree = json.loads((tmp_path / "results/results.json").read_text())
    jsonschema.validate(tree, GRADESCOPE)
    assert tree["score"] == (exercise.points if upload == "a zip in a zip" else 0)
    if upload == "a broken zip":
        assert "hw.zip: the zip was not unpacked" in tree["output"]
