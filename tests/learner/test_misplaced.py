"""A learner's own file that is not in its place in exercises/: every door follows the one rule, and says what to do."""

from __future__ import annotations

import shutil

import pytest

from mechgrade.course import Course

from .conftest import Run

PLACE = "exercises/lab3/find_heads.py"


@pytest.mark.parametrize(
    "name", ["exercises/find_heads.py", "exercises/lab3/mine.py", "exercises/lab3/find_heads (1).py"]
)
def test_a_file_elsewhere_counts_as_in_any_hand_in(desk: Course, at_desk: Run, name: str) -> None:
    """``grade`` agrees with ``submit-check`` and with the same folder handed in; it says where the file belongs."""
    (desk.root / PLACE).unlink()
    shutil.copy(desk.root / "solutions/lab3/find_heads.py", desk.root / name)
    for words in (["grade", "find_heads"], ["grade", "exercises", "--lab", "lab3", "--exercise", "find_heads"]):
        said = " ".join(at_desk(*words).stdout.split())
        assert "5 / 5" in said, said
        assert f"{name} was graded as {PLACE}, which is not there: move it there" in said
    checked = " ".join(at_desk("submit-check", "exercises", "--lab", "lab3").stdout.split())
    assert f"used: {name.removeprefix('exercises/')}" in checked


def test_a_file_that_is_gone(desk: Course, at_desk: Run) -> None:
    """``grade`` and ``map`` say how to get the stub back, and the way works."""
    gone = desk.stub_path(desk.exercises("lab3")[0])
    place = str(gone.relative_to(desk.root))
    assert f"Next: {place}" in at_desk("map", "--lab", "lab3", "--plain").stdout
    gone.unlink()
    for words, sentence in (
        (["map", "--lab", "lab3", "--plain"], f"Next: {place} "),
        (["grade", gone.stem, "--lab", "lab3"], f"there is no file {place}; "),
    ):
        said = " ".join(at_desk(*words).stdout.split())
        assert sentence in said and "`mechgrade build` or the course's archive brings the stub back" in said, said
    assert at_desk("build").returncode == 0
    assert gone.is_file()
    assert "brings the stub back" not in at_desk("map", "--lab", "lab3", "--plain").stdout


def test_the_file_in_its_place_counts(desk: Course, at_desk: Run) -> None:
    """A right file elsewhere changes nothing for an exercise whose own file is there: what is edited is what is graded."""
    shutil.copy(desk.root / "solutions/lab3/find_heads.py", desk.root / "exercises/find_heads.py")
    assert "5 / 5" not in at_desk("grade", "find_heads").stdout
