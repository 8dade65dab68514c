"""The Python that has the stand-in, built once; see build.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import ROOT

from devices.build import HERE, compiler

#: Where the extension is kept from one run of the tests to the next.
FOLDER = ROOT / "outputs" / "standin"


@pytest.fixture(scope="session")
def python() -> str:
    """A Python of this project's in which torch has the device."""
    assert compiler(), "the stand-in is built from C++: install the package g++"
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # ninja is installed there
    build = [sys.executable, str(HERE / "build.py"), str(FOLDER)]
    done = subprocess.run(build, capture_output=True, text=True, check=False, env=os.environ | {"PATH": beside})
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="session")
def command(python: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `mechgrade ...` where the device is."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [python, "-m", "mechgrade.doors.cli", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def graded(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> Callable[..., list[dict[str, Any]]]:
    """Grade a folder on a device; its exercises as --json has them."""

    def grade(folder: Path, *words: str, device: str = "standin") -> list[dict[str, Any]]:
        to = tmp_path / "result.json"
        done = command("grade", str(folder), "--device", device, "--no-server", "--json", str(to), *words)
        assert to.is_file(), done.stdout + done.stderr
        exercises: list[dict[str, Any]] = json.loads(to.read_text())["exercises"]
        return exercises

    return grade
