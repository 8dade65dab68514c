"""One course directory and one gradebook for the tests of a module: nbgrader's commands take seconds each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mechgrade.course import load_course

from .room import Class, make_course


@pytest.fixture(scope="session")
def generated() -> Iterator[Path]:
    """A course whose assignments are generated, to be copied: that takes longest, and is the same for all."""
    home = Path(tempfile.mkdtemp(prefix="mechgrade-class-"))
    try:
        room = Class(make_course(home / "course"), home)
        for lab in room.course.labs:
            room.mechgrade("release", lab, "--no-exchange")
        yield home / "course"
    finally:
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def room(generated: Path) -> Iterator[Class]:
    """A class of the module's own. Not under pytest's own directory, which other accounts may not enter."""
    home = Path(tempfile.mkdtemp(prefix="mechgrade-class-"))
    home.chmod(0o755)
    try:
        shutil.copytree(generated, home / "course")
        yield Class(load_course(home / "course"), home)
    finally:
        shutil.rmtree(home)
