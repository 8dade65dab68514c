"""The engine as a stranger has it: from its wheel, outside the repository, with a course of `init` and with the example course."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .wheel import PAGE, Shell, author_a_course, follow_the_tutorial, take_the_example, use

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    shell = Shell(tmp_path_factory.mktemp("wheel") / "stranger")
    shell.install()
    yield shell


def test_a_course_of_ones_own(shell: Shell) -> None:
    use(shell, author_a_course(shell), "week1")


def test_the_example_course(shell: Shell) -> None:
    use(shell, take_the_example(shell), "arrays")


def test_the_transcript_has_the_commands_that_were_run(shell: Shell) -> None:
    """Its outputs are of the day when it was written; its commands are today's."""
    commands = [step.command for step in shell.steps if not isinstance(step, str)]
    assert len(commands) > 20
    assert re.findall(r"^\$ (.*)$", PAGE.read_text(), re.MULTILINE) == commands


def test_the_tutorial_followed_to_the_letter(shell: Shell) -> None:
    followed = follow_the_tutorial(shell)
    assert "Score 10 / 10" in followed.said[1]
    assert "week1/row_shares  passed" in followed.said[2] and "4/4" in followed.said[2]
    assert "You divide by the sums of the columns." in " ".join(followed.said[3].split())
    assert "wrote dist/working-with-tables.zip" in followed.said[3]
    assert set(followed.lines) == {"source", "variants", "grader"} and followed.lines["grader"] <= 3


def test_the_wheel_holds_the_engine_alone(shell: Shell) -> None:
    from zipfile import ZipFile

    names = ZipFile(shell.wheel).namelist()
    assert {Path(name).parts[0].partition("-")[0] for name in names} == {"mechgrade"}
    assert any(name.endswith("templates/course/course.yaml.tmpl") for name in names)
