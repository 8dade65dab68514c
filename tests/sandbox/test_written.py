"""Files that a learner's code wrote: those that it names, and none that was shown to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mechgrade.worker.written import written

SOURCE = "open('debug.txt', 'w')\nnumpy.save('found', x)\nif __name__ == '__main__':\n    pass\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "debug.txt",
        "found.npy",
        "library.lock",
        ".hidden/debug.txt",
        "course/interp/__main__.py",
        "plots/debug.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def test_files_that_the_code_names(folder: Path) -> None:
    assert written(folder, SOURCE, {"course"}) == ["debug.txt", "found.npy", "plots/debug.txt"]


def test_a_course_in_the_temporary_folder_is_nobodys_file(folder: Path) -> None:
    """Where a checkout lies in /tmp it is shown there; its `__main__.py` is named in every stub."""
    assert written(folder, SOURCE, {"course", "debug.txt", "plots", "found.npy"}) == []
