"""`mechgrade grade --portable`: what would fail on a GPU is told of a program that passes, and changes nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from devices.mistakes import MISTAKES, PAGE, Mistake, written
from typer.testing import CliRunner

from mechgrade.course import Course, CourseError
from mechgrade.course.source import read_source
from mechgrade.grading.options import resolve
from mechgrade.grading.verdicts import ExerciseResult

GradeText = Callable[..., ExerciseResult]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: each.name)
def test_a_mistake_is_told_on_a_machine_without_the_device(
    grade_text: GradeText, course: Course, mistake: Mistake
) -> None:
    result = grade_text(mistake.exercise, mistake.text(course), portable=True)
    if mistake.portable:
        assert (result.verdict, result.elsewhere) == ("passed", [mistake.told(course, mistake.portable)])
    else:
        assert (result.verdict, result.elsewhere) == ("raised", [])
        assert mistake.on_cpu in result.message


def test_the_page_says_what_is_told() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(), "python tests/devices/mistakes.py writes the table anew"


def test_it_changes_no_verdict_and_no_score(grade_text: GradeText, course: Course) -> None:
    text = MISTAKES[0].text(course)
    with_it = grade_text("attention_from_qk", text, portable=True)
    without = grade_text("attention_from_qk", text)
    assert without.elsewhere is None and with_it.elsewhere
    told = with_it.as_tree().pop("fails_on_gpu")
    assert told == with_it.elsewhere and "fails_on_gpu" not in without.as_tree()
    for check, other in zip(with_it.checks, without.checks, strict=True):
        same = {name: value for name, value in asdict(check).items() if "seconds" not in name}
        assert same == {name: value for name, value in asdict(other).items() if "seconds" not in name}


def test_of_a_program_that_does_not_pass_nothing_is_told(grade_text: GradeText, course: Course) -> None:
    text = MISTAKES[0].text(course).replace("diagonal=1", "diagonal=2")
    result = grade_text("attention_from_qk", text, portable=True)
    assert (result.verdict, result.elsewhere) == ("wrong", [])


def test_a_right_program_is_told_nothing(grade_text: GradeText, course: Course) -> None:
    text = read_source(course, course.exercise("attention_from_qk")).reference
    assert grade_text("attention_from_qk", text, portable=True).elsewhere == []


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"isolation": "inline"}, "runs your code in a process of its own"),
        ({"device": "cuda"}, "without one: leave --device cuda out"),
    ],
)
def test_where_it_cannot_be_had(course: Course, asked: dict[str, str], says: str) -> None:
    with pytest.raises(CourseError, match=says):
        resolve(course, portable=True, **asked)  # type: ignore[arg-type]


def test_the_command(course: Course, tmp_path: Path) -> None:
    from mechgrade.doors.cli import app

    mistake = MISTAKES[0]
    place = tmp_path / "lab1" / "attention_from_qk.py"
    place.parent.mkdir()
    place.write_text(mistake.text(course))
    to = tmp_path / "result.json"
    words = ["grade", str(place), "--portable", "--plain", "--no-server", "--isolation", "process", "--json", str(to)]
    done = CliRunner().invoke(app, words)
    sentence = mistake.told(course, mistake.portable)
    assert done.exit_code == 0, done.output
    assert f"would fail on a GPU: {sentence}" in done.output
    assert json.loads(to.read_text())["exercises"][0]["fails_on_gpu"] == [sentence]
