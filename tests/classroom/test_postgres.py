"""Several graders at once need more than SQLite: the gradebook in a real Postgres, started by the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import later

from mechgrade.course.source import read_source

from .room import Class, write_into

nbgrader_api = later("nbgrader.api")

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A server of Debian's package with a fresh database; its URL. Where there is none, the test fails: it is in .ci/run."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert programs, "this test needs Postgres: install the package postgresql"
    bin_ = programs[-1]
    home = Path(tempfile.mkdtemp(prefix="mechgrade-pg-"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(home, "postgres", "postgres")

    def call(*command: str | Path) -> None:
        subprocess.run(command, check=True, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)  # type: ignore[call-overload]

    try:
        call(bin_ / "initdb", "-D", home / "data", "-U", "grader", "--auth=trust", "--no-sync", "-E", "UTF8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync=off"
        call(bin_ / "pg_ctl", "-D", home / "data", "-w", "-t", "180", "-l", home / "log", "-o", options, "start")
        try:
            call(bin_ / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "grader", "gradebook")
            yield f"postgresql://grader@127.0.0.1:{port}/gradebook"
        finally:
            call(bin_ / "pg_ctl", "-D", home / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


def test_two_graders_at_once(room: Class, postgres: str) -> None:
    """Released, graded by two commands at the same time, and exported, all on one server."""
    room.run(sys.executable, "-m", "mechgrade.doors.cli", "release", "lab3", "--no-exchange", MECHGRADE_DB=postgres)
    exercise = room.course.exercise("find_heads")
    work = {"find_heads": read_source(room.course, exercise).reference}
    for who in ("ada", "grace"):
        room.hand_in(who, "lab3", write_into(room.released("lab3"), work))
    env = room.environment("instructor", {"MECHGRADE_DB": postgres})
    graders = [
        subprocess.Popen(
            [sys.executable, "-m", "nbgrader", "autograde", "lab3", "--student", who],
            cwd=room.course.root,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for who in ("ada", "grace")
    ]
    for grader in graders:
        said, _ = grader.communicate(timeout=600)
        assert grader.returncode == 0, said
    with nbgrader_api.Gradebook(postgres) as book:
        scores = {each.student.id: each.score for each in book.assignment_submissions("lab3")}
    assert scores == {"ada": 5.0, "grace": 5.0}
    out = room.home / "grades.csv"
    room.run(
        sys.executable, "-m", "mechgrade.doors.cli", "export", "gradebook", "--to", str(out), MECHGRADE_DB=postgres
    )
    assert "ada,,,,5" in out.read_text()
    assert not (room.gradebook / "gradebook.db").exists() or "ada" not in room.scores("lab3")
