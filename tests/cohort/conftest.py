"""A course and a class for the module, and what an undisturbed run makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mechgrade.course import Course

from .ground import cohort, small_class, small_course


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of two exercises that no test changes."""
    return small_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def graded(small: Course, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A class of twelve, and the results of a run with one process that nothing disturbed."""
    folder = tmp_path_factory.mktemp("class")
    small_class(small, folder / "class", 12)
    out = folder / "out"
    done = cohort(small, "grade", folder / "class", "--out", out, "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "class", out
