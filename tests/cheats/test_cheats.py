"""The corpus of cheats, tried: none gains a point, reads a secret, leaves a trace or disturbs what comes after it.

A cheat that works is a hole, whoever finds it first. `python -m cheats.ground LEVEL [NAME ...]`, in tests/, tries some by hand.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.conftest import become_ordinary

from mechgrade import sandbox

from .cheat import CHEATS, Cheat
from .ground import Ground

pytestmark = pytest.mark.long

TRIED = [(level, cheat) for level in ("full", "process") for cheat in CHEATS if level in cheat.levels]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """One course and one worker for all, so that what a cheat leaves is met by the next."""
    made = Ground()
    yield made
    made.close()


def _skip_unless_possible(level: str, cheat: Cheat | None = None) -> None:
    if level == "full" and sandbox.probe().level != "full":
        pytest.skip("this machine has no level full: " + " ".join(sandbox.probe().missing))
    if cheat is not None and cheat.headers.get("needs") == "cuda":
        torch = pytest.importorskip("torch")
        if not torch.cuda.is_available():
            pytest.skip("needs a GPU")


@pytest.mark.parametrize(("level", "cheat"), TRIED, ids=[f"{level}-{cheat.name}" for level, cheat in TRIED])
def test_a_cheat_comes_to_nothing(level: str, cheat: Cheat, ground: Ground) -> None:
    _skip_unless_possible(level, cheat)
    assert ground.problems(cheat, level) == []


@pytest.mark.slow
def test_cheats_come_to_nothing_where_an_ordinary_user_grades() -> None:
    """Most graders are not root. Those cheats are tried again that attack the kernel's side of the wall."""
    if os.geteuid() != 0:
        pytest.skip("all other tests here run as an ordinary user already")
    _skip_unless_possible("full")
    names = [cheat.name for cheat in CHEATS if "process" in cheat.levels and "needs" not in cheat.headers]
    done = subprocess.run(
        [sys.executable, "-m", "cheats.ground", "full", *names],
        preexec_fn=become_ordinary,
        cwd=Path(__file__).parents[1],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["user"] != 0
    assert report["tried"] == len(names) > 40
    assert report["failures"] == {}


def test_the_corpus_is_readable() -> None:
    """A cheat without its idea teaches nobody what it is for."""
    assert len(CHEATS) >= 170
    for cheat in CHEATS:
        assert cheat.idea.endswith("."), cheat.name
        assert cheat.headers.keys() <= {"expect", "expect process", "exercise", "limits", "levels", "lasts", "needs"}, (
            cheat.name
        )
        assert "passed" not in cheat.expected("full") | cheat.expected("process"), cheat.name
