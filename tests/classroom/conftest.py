"""One course directory and one gradebook for the tests of a module: nbgrader's commands take seconds each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .room import Class, make_course


@pytest.fixture(scope="module")
def room() -> Iterator[Class]:
    """A class whose labs are released. Not under pytest's own directory, which other accounts may not enter."""
    home = Path(tempfile.mkdtemp(prefix="mechgrade-class-"))
    home.chmod(0o755)
    try:
        room = Class(make_course(home / "course"), home)
        for lab in room.course.labs:
            room.mechgrade("release", lab)
        yield room
    finally:
        shutil.rmtree(home)
