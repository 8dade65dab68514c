"""docs/instructors.md, run literally: from a clone to a released assignment, and to grades."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from support import ROOT

from mechgrade.course.source import read_source

from .room import Class, write_into

pytestmark = pytest.mark.slow


def blocks() -> list[str]:
    """The page's shell commands that are meant to be run as they are."""
    return re.findall(r"^```bash\n(.*?)^```", (ROOT / "docs/instructors.md").read_text(), re.MULTILINE | re.DOTALL)


def test_a_newcomers_commands(room: Class) -> None:
    """On a course without class directory. Only the exchange's place is another, and .venv is there already."""
    install, release, grade = blocks()
    root = room.course.root
    shutil.rmtree(room.gradebook)
    shutil.copyfile(ROOT / "Makefile", root / "Makefile")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copyfile(ROOT / name, root / name)
    (root / ".venv").symlink_to(ROOT / ".venv")
    _stamp(root)
    here = room.home / "exchange"
    install = install.replace("/srv/nbgrader/exchange", str(here))
    assert str(here) in install
    said = _sh(room, install + release)
    assert "lab3" in said and "released: gradebook/release/lab3" in said
    room.environment("ada")
    room.nbgrader("fetch_assignment", "lab3", who="ada")
    path = room.home / "ada/lab3" / room.slug("lab3")
    import nbformat

    source = read_source(room.course, room.course.exercise("find_heads")).reference
    nbformat.write(write_into(nbformat.read(path, as_version=4), {"find_heads": source}), path)
    room.nbgrader("submit", "lab3", "--student", "ada", who="ada")
    _sh(room, f"export MECHGRADE_EXCHANGE={here}\n" + grade)
    assert (root / "grades.csv").read_bytes() == b"learner,last_name,first_name,email,lab3 (15)\r\nada,,,,5\r\n"


def test_the_classroom_workflow(room: Class, tmp_path: Path) -> None:
    """Its grading commands, as they are written."""
    document = yaml.safe_load((ROOT / "docs/classroom.yml").read_text())
    steps = document["jobs"]["grade"]["steps"]
    commands = {step["name"]: step["run"] for step in steps if "name" in step}
    link = room.course.root / ".venv"
    if not link.exists():
        link.symlink_to(ROOT / ".venv")
    _sh(room, commands["Grade"] + "\n" + commands["Report"])
    text = (room.course.root / "result.xml").read_text()
    assert text.count("<testsuite ") == len(room.course.exercises())
    assert "make setup" in commands["Install"]


def _stamp(root: Path) -> None:
    """What make looks at to see whether .venv is as it should be in this directory."""
    here = subprocess.check_output("pwd | cksum | cut -d' ' -f1", shell=True, cwd=root, text=True).strip()
    for name in ("learner", "instructor"):
        (root / ".venv" / f".stamp-{name}-{here}").touch()


@pytest.fixture(autouse=True)
def no_stamps_left() -> object:
    before = set((ROOT / ".venv").glob(".stamp-*"))
    yield
    for path in set((ROOT / ".venv").glob(".stamp-*")) - before:
        path.unlink()


def _sh(room: Class, script: str) -> str:
    env = room.environment("instructor")
    del env["MECHGRADE_EXCHANGE"]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=room.course.root,
        env=env | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
