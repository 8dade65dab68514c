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

pytestmark = pytest.mark.long


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
    _sh(room, grade)
    assert (root / "grades.csv").read_bytes() == b"learner,last_name,first_name,email,lab3 (15)\r\nada,,,,5\r\n"


def test_two_fresh_terminals(room: Class) -> None:
    """The page's commands of instructor and learner, literally, each line in a terminal of its own: without variables or options."""
    import nbformat

    learner = "daemon"
    if os.geteuid() != 0:
        pytest.skip("needs root: a learner is another account")
    install, release, grade = blocks()
    there = str(room.home / "handed-out")
    root = room.course.root
    if not (root / ".venv").exists():
        (root / ".venv").symlink_to(ROOT / ".venv")
    room.accounts = (learner,)

    def terminal(who: str, line: str) -> str:
        line = line.replace("/srv/nbgrader/exchange", there)
        bin_ = ROOT / ".venv/bin"
        return room.run(
            "bash", "-euc", line, who=who, MECHGRADE_EXCHANGE="", PATH=f"{bin_}{os.pathsep}{os.environ['PATH']}"
        )

    for line in [*install.splitlines(), *release.splitlines()]:
        if not line.startswith("make"):
            said = terminal("instructor", line)
        elif line.startswith("make release"):
            terminal("instructor", "mechgrade release lab3")
    assert "lab3" in said
    room.environment(learner)
    page = (ROOT / "docs/instructors.md").read_text()
    (lines,) = re.findall(r"^```\n(mechgrade join .*?)^```", page, re.MULTILINE | re.DOTALL)
    join, fetch, lab, submit, feedback = lines.splitlines()
    assert lab.startswith("jupyter lab")
    for line in (join, fetch):
        terminal(learner, line)
    path = room.home / learner / "lab3" / room.slug("lab3")
    source = read_source(room.course, room.course.exercise("find_heads")).reference
    nbformat.write(write_into(nbformat.read(path, as_version=4), {"find_heads": source}), path)
    terminal(learner, submit)
    said = ""
    for line in grade.splitlines():
        said += terminal("instructor", line)
    assert f"{learner}: lab3, 5 of 15 points" in said
    assert "SAWarning" not in said
    terminal(learner, feedback)
    assert list((room.home / learner / "lab3/feedback").rglob("*.html"))


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
