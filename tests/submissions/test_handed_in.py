"""What a learner is told of how a hand-in was read. What is graded in it, `test_awkward` says."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mechgrade.course import Course
from mechgrade.submissions import arrived
from mechgrade.submissions.handed_in import pick_notebook, read_hand_in, read_upload
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


def notebook_of(*cells: tuple[str, str]) -> str:
    return json.dumps(
        {
            "cells": [{"cell_type": kind, "source": text, "metadata": {}} for kind, text in cells],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 4,
        }
    )


OWN = "def find_heads(scores, threshold):\n    return []\n"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            {"03-induction-head-analysis.ipynb": notebook_of(("code", OWN)), "find_heads.py": OWN},
            "files count more than a notebook, and there is one for each exercise in it: find_heads",
        ),
        (
            {"03-induction-head-analysis.ipynb": notebook_of(("markdown", f"Mine:\n```python\n{OWN}```"))},
            "`find_heads` is in a Markdown or raw cell",
        ),
        ({"work.ipynb": notebook_of(("raw", OWN))}, "`find_heads` is in a Markdown or raw cell"),
        ({"work.ipynb": notebook_of(("code", "x = 1"))}, "no code cell of it defines a function that is asked for"),
    ],
)
def test_why_a_notebook_does_not_count(course: Course, tmp_path: Path, files: dict[str, str], why: str) -> None:
    """The reason is that of the notebook, and not that of the lab's first exercise."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (ignored,) = read_hand_in(course, [course.lab(LAB)], tmp_path).ignored
    assert why in ignored.why and "predict_repeat" not in ignored.why


def test_code_in_the_courses_own_texts_is_nobodys(course: Course, tmp_path: Path) -> None:
    """A text cell of the course may show code; its learner did not write it there."""
    tree = json.loads(notebook_of(("markdown", OWN)))
    tree["cells"][0]["metadata"] = {"mechgrade": {"exercise": "lab3/find_heads", "part": "text"}}
    (tmp_path / "work.ipynb").write_text(json.dumps(tree))
    with pytest.raises(SubmissionError, match=r"no cell of work\.ipynb does"):
        read_upload(course, course.lab(LAB), tmp_path).source(course.exercise("find_heads"))


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        (
            "find_heads.py",
            notebook_of(("code", OWN)),
            "is a notebook and no Python file; rename it to find_heads.ipynb",
        ),
        ("work.py", notebook_of(("code", OWN)), "rename it to work.ipynb"),
        ("find_heads.ipynb", OWN, "holds Python code and is no notebook; rename it to find_heads.py"),
        ("find_heads.ipynb.txt", OWN, "rename it to find_heads.py"),
        ("find_heads.ipynb", "some words", "save it again"),
        ("find_heads.ipynb", "\n<!DOCTYPE html>\n<p>", "is a web page and no notebook; download the notebook itself"),
        ("find_heads.py", "{\\rtf1\\ansi " + OWN, "rich text"),
        ("find_heads.py", "<!DOCTYPE html>\n<p>", "is a web page"),
        ("find_heads.py", "PK\x03\x04\udcff", "is a zip or an office document"),
        ("find_heads.docx", "PK", "find_heads.docx: it is no Python file and no notebook; if your code is in it, save"),
        ("report.pdf", "%PDF", "report.pdf: it is no Python file and no notebook; if your code is in it, save"),
        ("find_heads.rar", "Rar!", "pack the files as a .zip"),
    ],
)
def test_a_file_of_another_kind(course: Course, tmp_path: Path, name: str, body: str, words: str) -> None:
    """What it is and what to do is said to the instructor and, where it may be the exercise, on the learner's page."""
    (tmp_path / name).write_bytes(body.encode("utf-8", "surrogateescape"))
    found = read_hand_in(course, [course.lab(LAB)], tmp_path)
    assert words in str(found.ignored[0])
    if not name.startswith("work"):
        with pytest.raises(SubmissionError) as said:
            found.submission.source(course.exercise("find_heads"))
        assert words in str(said.value)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (notebook_of(("code", OWN)), "is a notebook and no Python file"),
        ("\xff", "is not UTF-8 text"),
        ("def other(x):\n    return x\n", "it defines no `find_heads`"),
        ("", "it is empty"),
        ("def find_heads(scores, threshold):\n    raise NotImplementedError\n", "nothing is written in it yet"),
    ],
)
def test_why_a_file_gave_way(course: Course, tmp_path: Path, body: str, why: str) -> None:
    """The file that would count first, beside a copy that is an answer: the reason is true of the file."""
    (tmp_path / "find_heads.py").write_bytes(body.encode("latin-1"))
    (tmp_path / "find_heads (1).py").write_text(OWN)
    found = read_hand_in(course, [course.lab(LAB)], tmp_path)
    assert found.used[LAB, "find_heads"] == Path("find_heads (1).py")
    assert [why in each.why for each in found.ignored] == [True], found.ignored


@pytest.mark.parametrize("newer", ["first", "second"])
def test_of_two_files_of_the_exact_name_the_newer_counts(course: Course, tmp_path: Path, newer: str) -> None:
    """In folders of equal standing: the folders' names say nothing."""
    for name in ("first", "second"):
        path = tmp_path / name / "find_heads.py"
        path.parent.mkdir()
        path.write_text(OWN)
        os.utime(path, (1_700_000_000 + 60 * (name == newer),) * 2)
    found = read_hand_in(course, [course.lab(LAB)], tmp_path)
    assert found.used[LAB, "find_heads"] == Path(newer, "find_heads.py")


def test_a_dictionary_is_python(course: Course, tmp_path: Path) -> None:
    """Text that begins like JSON and is no notebook is left to Python."""
    (tmp_path / "find_heads.py").write_text('{"cells": 1}\n' + OWN)
    assert "def find_heads" in read_upload(course, course.lab(LAB), tmp_path).source(course.exercise("find_heads"))


def tar_of(entries: dict[str, str], link: str = "") -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for name, text in entries.items():
            about = tarfile.TarInfo(name)
            about.size = len(text)
            archive.addfile(about, io.BytesIO(text.encode()))
        if link:
            about = tarfile.TarInfo(link)
            about.type, about.linkname = tarfile.SYMTYPE, "lab3"
            archive.addfile(about)
    return body.getvalue()


def zip_of(entries: dict[str, str], link: str = "") -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
        if link:
            about = zipfile.ZipInfo(link)
            about.external_attr = 0o120777 << 16
            archive.writestr(about, "lab3")
    return body.getvalue()


@pytest.mark.parametrize("pack", [zip_of, tar_of], ids=["hw.zip", "hw.tar.gz"])
@pytest.mark.parametrize("odd", ["bad/../x.txt", "/abs/x.py", "../x.py", "a/" * 60 + "x.py", "link"])
def test_one_odd_entry_is_left_out_and_named(
    course: Course, tmp_path: Path, pack: Callable[[dict[str, str], str], bytes], odd: str
) -> None:
    """The rest of the archive is graded, as in a class's archive; nothing leads out of the folder."""
    name = "hw.zip" if pack is zip_of else "hw.tar.gz"
    entries = {"lab3/find_heads.py": OWN} if odd == "link" else {odd: OWN, "lab3/find_heads.py": OWN}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(pack(entries, odd if odd == "link" else ""))
    found = read_hand_in(course, [course.lab(LAB)], tmp_path / "in")
    assert found.used[LAB, "find_heads"] == Path(name, "lab3/find_heads.py")
    (ignored,) = found.ignored
    assert odd[:20] in str(ignored) and f"it was left out of the {name[3:6]}" in ignored.why
    assert [path.name for path in tmp_path.rglob("*")] == ["in", name]


def test_many_odd_entries_are_counted(course: Course, tmp_path: Path) -> None:
    (tmp_path / "hw.zip").write_bytes(zip_of({f"../{place}.py": "" for place in range(40)} | {"find_heads.py": OWN}))
    found = read_hand_in(course, [course.lab(LAB)], tmp_path)
    assert (LAB, "find_heads") in found.used
    assert len(found.ignored) == 6 and "35 more of its entries were left out" in found.ignored[-1].why


def test_an_answer_that_was_left_out_is_said_on_the_learners_page(course: Course, tmp_path: Path) -> None:
    (tmp_path / "hw.zip").write_bytes(zip_of({"/home/ada/find_heads.py": OWN}))
    with pytest.raises(SubmissionError, match="leads out of the archive; it was left out of the zip"):
        read_upload(course, course.lab(LAB), tmp_path).source(course.exercise("find_heads"))


@pytest.mark.parametrize("pack", [zip_of, tar_of], ids=["zip", "tar"])
def test_too_many_entries_say_what_to_do(
    course: Course, tmp_path: Path, pack: Callable[[dict[str, str]], bytes]
) -> None:
    name = "hw.zip" if pack is zip_of else "hw.tar.gz"
    (tmp_path / name).write_bytes(pack({f"{place}.txt": "" for place in range(10_001)}))
    (ignored,) = read_hand_in(course, [course.lab(LAB)], tmp_path).ignored
    assert "was not unpacked" in ignored.why and "pack it again with the lab's files alone" in ignored.why
