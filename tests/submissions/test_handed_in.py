"""What a learner is told of how a hand-in was read. What is graded in it, `test_awkward` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mechgrade.course import Course
from mechgrade.submissions import arrived
from mechgrade.submissions.handed_in import pick_notebook, read_upload
from mechgrade.submissions.submission import SubmissionError

from .awkward import AWKWARD, LAB, answer, blank, done, write

BUILDS = {case.name: case.build for case in AWKWARD}


def notes(course: Course, folder: Path) -> list[str]:
    return read_upload(course, course.lab(LAB), folder).notes


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("right", []),
        ("files", []),
        ("two notebooks", ["there are 2 notebooks; Untitled1.ipynb was graded, and not Untitled.ipynb"]),
        (
            "two notebooks, one named like the lab",
            ["there are 2 notebooks; 03-induction-head-analysis.ipynb was graded, and not Another.ipynb"],
        ),
        ("two files of one name", ["find_heads.py is there 2 times; exercises/lab3/find_heads.py was graded"]),
        (
            "file beside a notebook",
            ["files count more than 03-induction-head-analysis.ipynb: its cells for find_heads.py were not graded"],
        ),
        (
            "stubs beside a notebook",
            [
                f"exercises/lab3/{name}.py holds no answer; the cells of notebooks/03-induction-head-analysis.ipynb were graded"
                for name in ("repeated_tokens", "find_heads")
            ],
        ),
        ("JSON and no notebook", ["03-induction-head-analysis.ipynb cannot be read as a notebook"]),
        ("odd cells", ["3 of the cells of 03-induction-head-analysis.ipynb cannot be read, and were left out"]),
        ("checkpoints", []),
    ],
)
def test_notes(course: Course, tmp_path: Path, case: str, words: list[str]) -> None:
    BUILDS[case](course, tmp_path)
    found = notes(course, tmp_path)
    assert len(found) == len(words)
    assert all(each in note for each, note in zip(words, found, strict=True)), found


def test_where_a_text_came_from(course: Course, tmp_path: Path) -> None:
    BUILDS["file beside a notebook"](course, tmp_path)
    upload = read_upload(course, course.lab(LAB), tmp_path)
    assert upload.file(course.exercise("find_heads")) == Path("find_heads.py")
    assert upload.file(course.exercise("repeated_tokens")) == Path("03-induction-head-analysis.ipynb")
    assert upload.exercises == tuple(course.lab(LAB).exercises.values())


def test_nothing_at_all(course: Course, tmp_path: Path) -> None:
    upload = read_upload(course, course.lab(LAB), tmp_path)
    assert upload.notes == []
    for exercise in upload.exercises:
        with pytest.raises(SubmissionError, match=f"there is no file {exercise}.py in the submission"):
            upload.source(exercise)


def test_a_link_to_nothing_and_a_link_in_a_circle(course: Course, tmp_path: Path) -> None:
    (tmp_path / "find_heads.py").symlink_to("nothing.py")
    (tmp_path / "repeated_tokens.py").symlink_to("repeated_tokens.py")
    upload = read_upload(course, course.lab(LAB), tmp_path)
    with pytest.raises(SubmissionError, match=r"there is no file lab3/find_heads\.py"):
        upload.source(course.exercise("find_heads"))
    with pytest.raises(SubmissionError, match=r"repeated_tokens\.py cannot be read"):
        upload.source(course.exercise("repeated_tokens"))


def test_which_of_equal_notebooks_is_always_the_same(course: Course, tmp_path: Path) -> None:
    lab = course.lab(LAB)
    assert pick_notebook(course, lab, tmp_path) is None
    for name in ("b.ipynb", "a.ipynb", "z/a.ipynb"):
        write(course, tmp_path, done(course), name)
    assert pick_notebook(course, lab, tmp_path) == Path("a.ipynb")
    write(course, tmp_path, {"cells": []}, "a.ipynb")
    write(course, tmp_path, blank(course), "b.ipynb")
    assert pick_notebook(course, lab, tmp_path) == Path("z/a.ipynb"), "the only one that is begun"
    write(course, tmp_path, {"cells": []}, "z/a.ipynb")
    assert pick_notebook(course, lab, tmp_path) == Path("b.ipynb"), "the only one of the lab"


def test_what_is_another_labs(course: Course, tmp_path: Path) -> None:
    write(course, tmp_path, done(course), "01-transformerlens-setup.ipynb")
    write(course, tmp_path, done(course), "lab1/Untitled.ipynb")
    assert pick_notebook(course, course.lab(LAB), tmp_path) is None
    assert pick_notebook(course, course.lab("lab1"), tmp_path) == Path("01-transformerlens-setup.ipynb")


def test_only_so_much_is_looked_at(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(5):
        (tmp_path / f"a{place}.py").write_text("")
    (tmp_path / "find_heads.py").write_text(answer(course))
    monkeypatch.setattr(arrived, "MAX_FILES", 6)
    upload = read_upload(course, course.lab(LAB), tmp_path)
    assert "def find_heads" in upload.source(course.exercise("find_heads"))
    monkeypatch.setattr(arrived, "MAX_FILES", 5)
    upload = read_upload(course, course.lab(LAB), tmp_path)
    with pytest.raises(SubmissionError):
        upload.source(course.exercise("find_heads"))
    assert "more than 5 files" in upload.notes[0]
