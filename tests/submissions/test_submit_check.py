"""What a learner is told before handing in: the words that the instructor's table has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mechgrade.course import Course
from mechgrade.doors.cli import app
from mechgrade.notebook import submit_check

from .awkward import answer, done


def test_by_command(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab of which nothing is there is told once; exit code 1 says that something is missing."""
    monkeypatch.chdir(course.root)
    (tmp_path / "find_heads (1).py").write_text(answer(course))
    (tmp_path / "hw.rar").write_bytes(b"Rar!")
    run = CliRunner().invoke(app, ["submit-check", str(tmp_path)])
    assert run.exit_code == 1
    assert "used: find_heads (1).py for find_heads\n" in run.output
    assert "ignored: hw.rar: archives of this kind are not read; pack the files as a .zip\n" in run.output
    assert "missing: lab1, lab2, lab4 and lab5, all exercises\n" in run.output
    assert run.output.count("lab1") == 1
    assert "Something is written for 1 of 58 exercises" in run.output
    whole = CliRunner().invoke(app, ["submit-check", "solutions", "--lab", "lab3"])
    assert whole.exit_code == 0 and "missing" not in whole.output and "not begun" not in whole.output
    nowhere = CliRunner().invoke(app, ["submit-check", str(tmp_path / "nowhere")])
    assert nowhere.exit_code == 2 and "there is nothing at" in nowhere.output


def test_what_is_there_without_an_answer_is_no_answer(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stubs, an empty file and a function of another name: each is told with its reason, and none is counted."""
    monkeypatch.chdir(course.root)
    stubs = CliRunner().invoke(app, ["submit-check", "exercises", "--lab", "lab3"])
    wanted = len(course.lab("lab3").exercises)
    assert stubs.exit_code == 1 and f"Something is written for 0 of {wanted} exercises" in stubs.output
    assert stubs.output.count("not begun: ") == wanted and "used: " not in stubs.output
    assert "not begun: lab3/find_heads.py: nothing is written in it yet\n" in stubs.output
    text = answer(course)
    for body, told in {
        "": "not begun: find_heads.py: it is empty",
        " \n\n": "not begun: find_heads.py: it is empty",
        "# my answer\n": "not begun: find_heads.py: it defines no `find_heads`",
        text.replace("def find_heads(", "def findHeads("): "not begun: find_heads.py: it defines no `find_heads`",
        text: "used: find_heads.py",
        text.replace("def find_heads(", "def find_heads(:"): "used: find_heads.py",  # grading says what is wrong in it
        "from helpers import *\n": "used: find_heads.py",  # which may define it
        text + "\n# raise NotImplementedError\n": "used: find_heads.py",
        "find_heads = lambda scores, threshold: []\n": "used: find_heads.py",
    }.items():
        (tmp_path / "find_heads.py").write_text(body)
        run = CliRunner().invoke(app, ["submit-check", str(tmp_path), "--lab", "lab3"])
        assert told in run.output.splitlines(), (body, run.output)
        assert f"Something is written for {int(told.startswith('used'))} of {wanted}" in run.output


def test_in_a_notebook(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It looks at the folder, for the labs of which something is there."""
    monkeypatch.setenv("MECHGRADE_COURSE", str(course.root))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "03-induction-head-analysis (1).ipynb").write_text(json.dumps(done(course)))
    submit_check()
    said = capsys.readouterr().out
    assert said.startswith("used: 03-induction-head-analysis (1).ipynb for repeated_tokens, find_heads\n")
    assert "not begun: 03-induction-head-analysis (1).ipynb for predict_repeat, " in said
    assert "lab1" not in said
    submit_check("lab1")
    assert "missing: lab1, all exercises" in capsys.readouterr().out


def test_a_request(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course.root)
    path = tmp_path / "a.regrade.json"
    run = CliRunner().invoke(app, ["regrade-request", "find_heads", "ties", "--to", str(path), "--learner", "ada"])
    assert run.exit_code == 0, run.output
    assert json.loads(path.read_text()) == {"learner": "ada", "exercise": "lab3/find_heads", "why": "ties"}
