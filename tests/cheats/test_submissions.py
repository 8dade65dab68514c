"""Cheats that are no code: what a submission's folder may hold besides files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, grade_folder

from mechgrade.course import Course
from mechgrade.grading.worker import Worker

SOLUTION = ROOT / "solutions" / "lab3" / "find_heads.py"


def _link(folder: Path) -> None:
    folder.mkdir()
    (folder / "find_heads.py").symlink_to(SOLUTION)


def _relative_link(folder: Path) -> None:
    folder.mkdir()
    (folder / "find_heads.py").symlink_to(os.path.relpath(SOLUTION, folder))


def _link_to_a_folder(folder: Path) -> None:
    folder.symlink_to(SOLUTION.parent)


def _device(folder: Path) -> None:
    folder.mkdir()
    (folder / "find_heads.py").symlink_to("/dev/zero")


def _pipe(folder: Path) -> None:
    folder.mkdir()
    os.mkfifo(folder / "find_heads.py")


def _folder(folder: Path) -> None:
    (folder / "find_heads.py").mkdir(parents=True)


def _circle(folder: Path) -> None:
    folder.mkdir()
    (folder / "find_heads.py").symlink_to("find_heads.py")


def _large(folder: Path) -> None:
    folder.mkdir()
    with (folder / "find_heads.py").open("wb") as file:
        file.truncate(2**40)


@pytest.mark.parametrize(
    "make",
    [_link, _relative_link, _link_to_a_folder, _device, _pipe, _folder, _circle, _large],
    ids=lambda make: make.__name__,
)
def test_only_files_of_the_submission_are_graded(
    make: Callable[[Path], None], course: Course, worker: Worker, tmp_path: Path
) -> None:
    """The grader can read the solution: a link to it would be full marks. A pipe or a device would hold the grader for ever."""
    make(tmp_path / "lab3")
    (result,) = grade_folder(course, worker, tmp_path, [course.exercise("find_heads")]).exercises
    assert (result.verdict, result.points) == ("missing", 0)
    assert "find_heads.py" in result.message


def test_a_folder_may_itself_be_reached_by_a_link(course: Course, worker: Worker, tmp_path: Path) -> None:
    """A learner's exercises/ may lie elsewhere: who names the folder decides where it is."""
    (tmp_path / "link").symlink_to(ROOT / "solutions")
    (result,) = grade_folder(course, worker, tmp_path / "link", [course.exercise("find_heads")]).exercises
    assert result.verdict == "passed"
