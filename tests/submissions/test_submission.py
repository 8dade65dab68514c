"""One kind of submission, whatever form it has."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support import ROOT

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.submissions import reading
from mechgrade.submissions.find import find_submission
from mechgrade.submissions.reading import MAX_SOURCE
from mechgrade.submissions.submission import Submission, SubmissionError

from .awkward import answer, blank, code, done, strip, write


@pytest.fixture
def exercise(course: Course) -> Exercise:
    return course.exercise("find_heads")


def why(submission: Submission, exercise: Exercise) -> str:
    with pytest.raises(SubmissionError) as caught:
        submission.source(exercise)
    return str(caught.value)


def test_a_folder_is_read_when_asked(exercise: Exercise, tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    assert why(submission, exercise) == f"there is no file lab3/find_heads.py in {tmp_path}"
    (tmp_path / "lab3").mkdir()
    (tmp_path / "lab3/find_heads.py").write_bytes(b"\xef\xbb\xbfx = 1\r\ny = 2\rz = 3\n")
    assert submission.source(exercise) == "x = 1\ny = 2\nz = 3\n"
    assert submission.file(exercise) == tmp_path / "lab3/find_heads.py"
    (tmp_path / "lab3/find_heads.py").write_bytes(b"x = '\xff'")
    assert why(submission, exercise) == "find_heads.py is not UTF-8 text (byte 5); save it again with that encoding"
    (tmp_path / "lab3/find_heads.py").write_bytes(b" " * (MAX_SOURCE + 1))
    assert (
        why(submission, exercise) == "find_heads.py is larger than 1 MiB (it has 1.1 MiB); keep only the exercise in it"
    )


@pytest.mark.parametrize(
    "body",
    [
        "größe = 1\n".encode("utf-16"),
        b"\xfe\xff" + "größe = 1\r\n".encode("utf-16-be"),
        "# -*- coding: latin-1 -*-\ngröße = 1\n".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\ngröße = 1\n".encode("cp1252"),
    ],
)
def test_a_file_that_names_its_encoding_is_read(exercise: Exercise, tmp_path: Path, body: bytes) -> None:
    """Editors on Windows save UTF-16, with a mark; and a coding line is Python's own way to say it."""
    (tmp_path / "lab3").mkdir()
    (tmp_path / "lab3/find_heads.py").write_bytes(body)
    assert Submission(tmp_path).source(exercise).endswith("größe = 1\n")


@pytest.mark.parametrize("name", ["nonsense", "punycode", "rot13", "zlib"])
def test_a_coding_line_of_no_text_is_told(exercise: Exercise, tmp_path: Path, name: str) -> None:
    (tmp_path / "lab3").mkdir()
    (tmp_path / "lab3/find_heads.py").write_bytes(f"# coding: {name}\nx = ".encode() + b"'\xff'")
    assert "is not UTF-8 text (byte" in why(Submission(tmp_path), exercise)


def test_links_inside_a_folder_are_followed_and_no_others(exercise: Exercise, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "lab3").mkdir(parents=True)
    (folder / "other.py").write_text("mine")
    (tmp_path / "other.py").write_text("another's")
    (folder / "lab3/find_heads.py").symlink_to("../other.py")
    assert Submission(folder).source(exercise) == "mine"
    (folder / "lab3/find_heads.py").unlink()
    (folder / "lab3/find_heads.py").symlink_to("../../other.py")
    assert "is a link out of the submission" in why(Submission(folder), exercise)


def test_what_becomes_a_link_while_it_is_read_is_not_followed(
    exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at a path and the opening of it, whoever owns the folder can change it."""
    folder, secret = tmp_path / "mine", tmp_path / "secret"
    for place in (folder, secret):
        (place / "lab3").mkdir(parents=True)
        (place / "lab3/find_heads.py").write_text(place.name)
    opened = reading._open

    def changed(root: Path, parts: tuple[str, ...]) -> int:
        nonlocal left
        left -= 1
        if not left:
            (folder / "lab3").rename(folder / "away")
            (folder / "lab3").symlink_to(secret / "lab3")
        return opened(root, parts)

    left = 1
    monkeypatch.setattr(reading, "_open", changed)
    assert "is a link out of the submission" in why(Submission(folder), exercise)
    # A link that stays inside, whose target becomes one that leads out once it was looked at.
    (folder / "lab3").unlink()
    (folder / "away").rename(folder / "lab3")
    (folder / "lab3/find_heads.py").rename(folder / "mine.py")
    (folder / "lab3/find_heads.py").symlink_to(folder / "mine.py")
    left = 2

    def target_changed(root: Path, parts: tuple[str, ...]) -> int:
        nonlocal left
        left -= 1
        if not left:
            (folder / "mine.py").unlink()
            (folder / "mine.py").symlink_to(secret / "lab3/find_heads.py")
        return opened(root, parts)

    monkeypatch.setattr(reading, "_open", target_changed)
    assert "find_heads.py cannot be read" in why(Submission(folder), exercise)


def test_a_file_may_have_any_name_and_be_reached_by_a_link(exercise: Exercise, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/draft.py").write_text("x = 1")
    (tmp_path / "find_heads.py").symlink_to(tmp_path / "elsewhere/draft.py")
    submission = Submission.from_file(tmp_path / "find_heads.py", exercise)
    assert submission.source(exercise) == "x = 1"
    assert submission.file(exercise) == tmp_path / "find_heads.py"
    assert submission.exercises == (exercise,)
    os.mkfifo(tmp_path / "pipe.py")
    assert why(Submission.from_file(tmp_path / "pipe.py", exercise), exercise) == "pipe.py is no file of text"


def test_texts_in_memory(course: Course, exercise: Exercise) -> None:
    other = course.exercise("repeated_tokens")
    submission = Submission.from_texts(
        {("lab3", "find_heads"): "a\r\nb", ("lab3", "repeated_tokens"): SubmissionError("no")}
    )
    assert submission.source(exercise) == "a\nb"
    assert submission.file(exercise) == Path("lab3/find_heads.py")
    assert why(submission, other) == "no"
    assert why(submission, course.exercise("head_report")) == "there is nothing for lab3/head_report here"
    assert "larger than 1 MiB" in why(Submission.from_texts({("lab3", "find_heads"): "ü" * 2**20}), exercise)
    assert "half a character" in why(Submission.from_texts({("lab3", "find_heads"): "'\ud800'"}), exercise)


def test_cells_of_a_kernel(course: Course, exercise: Exercise) -> None:
    cells = ["def find_heads(): return 1", "check('find_heads')", "def find_heads(): return 2", "check('find_heads')"]
    assert Submission.from_cells(course, exercise, cells).source(exercise) == "def find_heads(): return 2\n\n\n"
    assert "no cell that you have run" in why(Submission.from_cells(course, exercise, ["x = 1"]), exercise)


def test_a_notebook_gives_a_reason_for_what_is_not_in_it(course: Course, tmp_path: Path) -> None:
    lab = course.lab("lab3")
    tree = {"cells": [code("def repeated_tokens(): return 1"), "odd"]}
    submission = Submission.from_notebook(course, lab, tree, "mine.ipynb")
    assert submission.source(course.exercise("repeated_tokens")) == "def repeated_tokens(): return 1\n\n\n"
    words = "your code defines no `find_heads`: no cell of mine.ipynb does; keep the stub's name for it"
    assert why(submission, course.exercise("find_heads")) == words
    assert submission.notes == ["1 of the cells of mine.ipynb cannot be read, and were left out"]
    assert submission.file(course.exercise("find_heads")) == Path("mine.ipynb")
    (tmp_path / "bad\n\x1b.ipynb").write_text("{")
    submission = Submission.from_notebook(course, lab, tmp_path / "bad\n\x1b.ipynb")
    for each in lab.exercises.values():
        assert why(submission, each).startswith("bad??.ipynb cannot be read as a notebook (it is not JSON: ")


def test_too_much_code_in_a_notebook_is_not_read(course: Course, exercise: Exercise) -> None:
    tree = {"cells": [code("x = '" + "a" * 190_000 + "'") for _ in range(6)]}
    submission = Submission.from_notebook(course, course.lab("lab3"), tree)
    assert "larger than 1 MiB" in why(submission, exercise)
    assert find_one("def find_heads(): 1\n" + "#" * 300_000, course, exercise)
    assert "larger than 1 MiB" in why(
        Submission.from_notebook(
            course, course.lab("lab3"), {"cells": [code("def find_heads(): 1\n" + "#" * 1_100_000)]}
        ),
        exercise,
    )


def find_one(source: str, course: Course, exercise: Exercise) -> str:
    return Submission.from_notebook(course, course.lab("lab3"), {"cells": [code(source)]}).source(exercise)


# --- by a path that a user named ---------------------------------------------------------------------------------------


def test_a_path_tells_what_it_is_for(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    assert find_submission(course, ROOT / "exercises").exercises == ()
    assert find_submission(course, ROOT / "solutions/lab3/find_heads.py").exercises == (exercise,)
    (tmp_path / "draft.py").write_text("")
    assert find_submission(course, tmp_path / "draft.py", None, [exercise]).exercises == (exercise,)
    with pytest.raises(CourseError, match="is the file of one exercise, and 2 are named"):
        find_submission(course, tmp_path / "draft.py", None, [exercise, course.exercise("describe_model")])
    for name, words in {
        "nowhere": "there is nothing at",
        "draft.py": "there is no exercise 'draft'",
        "notes.txt": "is no Python file and no notebook",
    }.items():
        (tmp_path / "notes.txt").write_text("")
        with pytest.raises(CourseError, match=words):
            find_submission(course, tmp_path / name)


@pytest.mark.parametrize("name", ["lab3.ipynb", "03-induction-head-analysis.ipynb", "Untitled.ipynb"])
def test_the_lab_of_a_notebook(course: Course, exercise: Exercise, tmp_path: Path, name: str) -> None:
    """By its metadata, by the checks in it, or by its name."""
    lab = tuple(course.lab("lab3").exercises.values())
    tree = done(course)
    write(course, tmp_path, tree, name)
    assert find_submission(course, tmp_path / name).exercises == lab
    strip(tree)
    write(course, tmp_path, tree, name)
    assert find_submission(course, tmp_path / name).exercises == lab
    only = find_submission(course, tmp_path / name, None, [exercise])
    assert only.exercises == (exercise,) and only.file(exercise) == tmp_path / name
    write(course, tmp_path, {"cells": [code(answer(course))]}, name)
    if name == "Untitled.ipynb":
        with pytest.raises(
            CourseError, match=r"Untitled\.ipynb does not say which lab it is of; name it: --lab lab1 or"
        ):
            find_submission(course, tmp_path / name)
    else:
        assert find_submission(course, tmp_path / name).exercises == lab
    for lab_name, chosen in (("lab3", []), (None, [exercise]), ("lab3", [exercise])):
        named = find_submission(course, tmp_path / name, lab_name, chosen)
        assert "def find_heads" in named.source(exercise)


def test_a_notebook_of_two_labs_must_be_told_apart(course: Course, tmp_path: Path) -> None:
    tree = blank(course)
    tree["cells"].append({**code(""), "metadata": {"mechgrade": {"exercise": "lab1/describe_model", "part": "code"}}})
    write(course, tmp_path, tree, "both.ipynb")
    with pytest.raises(CourseError, match="--lab"):
        find_submission(course, tmp_path / "both.ipynb")
    (tmp_path / "both.ipynb").write_text(json.dumps({"cells": [code("check('find_heads')\ncheck('lab1/logit_lens')")]}))
    with pytest.raises(CourseError, match="--lab"):
        find_submission(course, tmp_path / "both.ipynb")
