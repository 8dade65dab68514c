"""A copy of the course in which a test may work as a learner does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, command

from mechgrade.course import Course, load_course
from mechgrade.course.variants import programs

COMMAND = str(Path(sys.executable).with_name("mechgrade"))

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The course's own copy, with its progress in its own .mechgrade."""
    monkeypatch.delenv("MECHGRADE_HOME")
    root = tmp_path / "desk"
    root.mkdir()
    for part in ("exercises", "solutions", "graders", "interp"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "fixtures").symlink_to(ROOT / "fixtures")
    shutil.copy(ROOT / "course.yaml", root)
    return load_course(root)


@pytest.fixture
def at_desk(desk: Course) -> Run:
    """``at_desk("hint", "find_heads")``: the command, run there as a process of its own."""

    def run(*arguments: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "HOME": str(desk.root), "COLUMNS": "80", "LANG": "C.UTF-8", **environment}
        env.setdefault("MECHGRADE_SERVER", "0")  # no process stays behind
        return subprocess.run(
            [*command(), *arguments],
            cwd=desk.root,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            input=stdin,
        )

    return run


def write_wrong(course: Course, name: str, mistake: str) -> None:
    """Put a known mistake into the learner's file."""
    exercise = course.exercise(name)
    program = next(each for each in programs(course, exercise) if each.name == mistake)
    course.stub_path(exercise).write_text(program.source)


def write_right(course: Course, name: str) -> None:
    """Put the reference into the learner's file."""
    exercise = course.exercise(name)
    shutil.copy(course.solution_path(exercise), course.stub_path(exercise))
