"""One hand-in, one result: whatever a hand-in holds, every door reads it, says why there is no answer, and reads the others as before.

The budget is small here. ``MECHGRADE_FUZZ=5000 pytest tests/submissions/test_fuzz.py`` looks longer.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import shutil
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import later

from mechgrade.cohort.learners import find_class
from mechgrade.course import Course, CourseError
from mechgrade.submissions.find import find_submission
from mechgrade.submissions.handed_in import read_upload
from mechgrade.submissions.submission import Submission, SubmissionError

from .awkward import LAB, answer, done

nbgrader_gradebook = later("mechgrade.doors.nbgrader.gradebook")
nbgrader_reader = later("mechgrade.doors.nbgrader.reader")

LONG = settings(
    max_examples=int(os.environ.get("MECHGRADE_FUZZ", "15")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="MECHGRADE_FUZZ" not in os.environ,
)

NAMES = [
    "find_heads.py", "lab3/find_heads.py", "lab3", "03-induction-head-analysis.ipynb", "notes.ipynb", "work.zip", "lab3/work.tar.gz",
    "find_heads (1).py", "n" * 250, "n" * 247 + ".py", "\udcff\udcfe.py", "\udce9/lab3/find_heads.py", "a\x1b[2Jb.py", "=HYPERLINK(1).zip",
    "-1+1.py", " ", "x\n.py", "lab3/find_heads.py/inside.py", "e.xz", "e.tar.xz", "CON.py", ".hidden.py",
]  # fmt: skip

#: Notebooks that are no notebooks.
TREES: list[Any] = [
    5, [], {}, None, "x", {"cells": 5}, {"cells": [5, None, [], {}]}, {"cells": {"a": 1}}, {"worksheets": 3},
    {"worksheets": [{"cells": 7}, 8]}, {"cells": [{"cell_type": [], "source": 1}]}, {"cells": [{"cell_type": "code", "source": [1, 2]}]},
    {"cells": [{"cell_type": "code", "source": "x", "metadata": {"nbgrader": "x"}}]},
    {"cells": [{"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": []}}}]},
    {"cells": [{"cell_type": "code", "source": "x", "metadata": {"mechgrade": []}}]},
    {"cells": [{"cell_type": "markdown", "source": "x", "attachments": {"a": 5}, "id": {}}]},
    {"cells": [{"cell_type": "code", "source": "\ud800", "metadata": None, "outputs": 3}], "metadata": 5, "nbformat": "x"},
]  # fmt: skip


def _zip(entries: dict[str, bytes], method: int = zipfile.ZIP_LZMA, mode: int = 0) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        for name, content in entries.items():
            about = zipfile.ZipInfo(name)
            about.external_attr, about.compress_type = mode << 16, method
            archive.writestr(about, content)
    return body.getvalue()


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """What a file may hold: an answer, a notebook, an archive, each whole or with some bytes changed or cut off."""
    kind = draw(st.sampled_from(["answer", "tree", "zip", "lzma", "link", "deep", "xz", "noise", "nul", "nested"]))
    code = b"def find_heads(scores, threshold):\n    return []\n"
    if kind == "tree":
        body = json.dumps(draw(st.sampled_from(TREES))).encode()
    elif kind in ("zip", "lzma", "link"):
        method = zipfile.ZIP_LZMA if kind == "lzma" else zipfile.ZIP_DEFLATED
        body = _zip({"lab3/find_heads.py": code * 50, "x.py": code}, method, 0o120777 if kind == "link" else 0)
    elif kind == "deep":
        body = _zip({"a/" * draw(st.integers(1, 400)) + "find_heads.py": code})
    else:
        body = {
            "answer": code,
            "xz": lzma.compress(code),
            "noise": draw(st.binary(max_size=200)),
            "nul": b"\0" * 50,
            "nested": b"[" * 100_000,
        }[kind]
    for _ in range(draw(st.integers(0, 3))):
        if body:
            place = draw(st.integers(0, len(body) - 1))
            body = body[:place] + draw(st.binary(max_size=2)) + body[place + 1 :]
    return body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body


@st.composite
def spoils(draw: st.DrawFn) -> list[tuple[str, str, bytes]]:
    """What is done to a hand-in: (how, name, body)."""
    hows = st.sampled_from(["file", "file", "file", "link", "pipe", "folder", "closed"])
    return draw(st.lists(st.tuples(hows, st.sampled_from(NAMES), bodies()), min_size=1, max_size=5))


def spoil(folder: Path, what: list[tuple[str, str, bytes]]) -> None:
    """Write it, as far as the file system takes it."""
    folder.mkdir(parents=True, exist_ok=True)
    for how, name, body in what:
        path = folder / name
        # A second body of the same name would be written through the link, over the machine's own file.
        if path.is_symlink():
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if how == "link":
                path.symlink_to(folder.parent / "not-theirs")  # a link out of the folder
            elif how == "pipe":
                os.mkfifo(path)
            elif how == "folder":
                path.mkdir()
            else:
                path.write_bytes(body)
                path.chmod(0o000 if how == "closed" else 0o644)
        except OSError:
            continue


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A place of its own for what is unpacked, so that what stays is seen."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    before, tempfile.tempdir = tempfile.tempdir, str(folder / "scratch")
    (folder / "scratch").mkdir()
    yield folder
    tempfile.tempdir = before
    shutil.rmtree(folder)


def texts_of(submission: Submission, course: Course) -> dict[str, str]:
    """An answer, or a reason, for each exercise of the lab."""
    found = {}
    for exercise in course.lab(LAB).exercises.values():
        try:
            found[exercise.name] = submission.source(exercise)
        except SubmissionError as error:
            assert str(error).strip()
            found[exercise.name] = f"no text: {error}"
    return found


def through_cohort(course: Course, room: Path) -> dict[str, str]:
    """The good learner's texts, when a class is read with the spoilt one in it."""
    found = find_class(course, room, room.parent / "unpacked")
    exercises = course.exercises(LAB)
    works = {learner.name: learner.read(course, exercises) for learner in found.learners}
    assert all(work.text is not None or work.problem for each in works.values() for work in each)
    assert all(name.isprintable() and len(name.encode()) < 200 for name in works)
    assert "spoilt" in works
    return {work.exercise.name: work.text or "" for work in works["good"]}


def through_a_zip(course: Course, room: Path) -> dict[str, str]:
    """The same, when a platform packs the class."""
    packed = room.parent / "class.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(room.rglob("*")):
            try:
                name = str(file.relative_to(room)).encode("utf-8", "replace").decode()
                if file.is_file() and not file.is_symlink():
                    archive.write(file, name)
                elif file.is_symlink():
                    about = zipfile.ZipInfo(name)
                    about.external_attr = 0o120777 << 16
                    archive.writestr(about, "/etc/passwd")
            except (OSError, ValueError):
                continue
        archive.writestr("spoilt/", "")
    return through_cohort(course, packed)


def through_extract(course: Course, room: Path) -> dict[str, str]:
    """The same by nbgrader's fast way."""
    submitted = room.parent / "submitted"
    submitted.mkdir()
    for each in room.iterdir():
        (submitted / each.name).mkdir()
        each.rename(submitted / each.name / LAB)
    to = room.parent / "extracted"
    learners = nbgrader_gradebook.extract(course, course.lab(LAB), submitted, to)
    assert {"good", "spoilt"} <= set(learners)
    return {file.stem: file.read_text() for file in (to / "good" / LAB).iterdir()}


def through_autograde(course: Course, room: Path) -> dict[str, str]:
    """What nbgrader's autograde reads: every notebook, and the files beside it."""
    for path in (room / "spoilt").rglob("*"):
        if path.suffix == ".ipynb":
            notebook, _ = nbgrader_reader.read(path)
            nbgrader_reader.with_files(course, course.lab(LAB), room / "spoilt", notebook)
    return texts_of(read_upload(course, course.lab(LAB), room / "good"), course)


def through_gradescope(course: Course, room: Path) -> dict[str, str]:
    """An upload."""
    texts_of(read_upload(course, course.lab(LAB), room / "spoilt"), course)
    return texts_of(read_upload(course, course.lab(LAB), room / "good"), course)


def by_path(course: Course, room: Path) -> dict[str, str]:
    """`mechgrade grade PATH`, for the folder and each file in it."""
    for path in [room / "spoilt", *(room / "spoilt").rglob("*")]:
        try:
            find_submission(course, path, LAB)
        except CourseError as error:
            assert str(error).strip()
    return texts_of(find_submission(course, room / "good", LAB), course)


DOORS: list[Callable[[Course, Path], dict[str, str]]] = [
    through_cohort,
    through_a_zip,
    through_extract,
    through_autograde,
    through_gradescope,
    by_path,
]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_a_spoilt_hand_in_is_one_learners(door: Callable[..., dict[str, str]], place: Path, course: Course) -> None:
    expected: dict[str, str] = {}

    @LONG
    @given(spoils())
    def look(what: list[tuple[str, str, bytes]]) -> None:
        root = place / "round"
        room = root / "class"
        good = room / "good"
        try:
            (good / LAB).mkdir(parents=True)
            (good / LAB / "find_heads.py").write_text(answer(course))
            spoil(room / "spoilt", what)
            found = door(course, room)
            assert found["find_heads"].strip() == answer(course).strip()
            expected.update(expected or found)
            assert {name: text for name, text in found.items() if name == "find_heads"} == {
                name: text for name, text in expected.items() if name == "find_heads"
            }
            assert list((place / "scratch").iterdir()) == [], "what was unpacked is still there"
        finally:
            for path in root.rglob("*"):
                if not path.is_symlink():
                    path.chmod(0o755)
            shutil.rmtree(root)

    look()


def test_every_changed_byte_of_a_zip_is_one_learners(place: Path, course: Course) -> None:
    """Of 3,739 zips with one byte changed, 233 ended the class."""
    whole = _zip({"find_heads.py": answer(course).encode()})
    room = place / "bytes"
    (room / "good").mkdir(parents=True)
    for number, at in enumerate(range(0, len(whole), 7)):
        body = bytearray(whole)
        body[at] ^= 0xFF
        (room / f"{number}.zip").write_bytes(body)
    found = find_class(course, room, place / "unpacked")
    assert len(found.learners) > 50
    for learner in found.learners:
        assert all(work.text is not None or work.problem for work in learner.read(course, course.exercises(LAB)))
    assert list((place / "scratch").iterdir()) == []
    shutil.rmtree(room)


@pytest.mark.parametrize("member", ["large", "link", "twice", "deep", "leads out"])
def test_a_bad_member_of_a_class_s_zip_is_its_learners(member: str, place: Path, course: Course) -> None:
    packed = place / "class.zip"
    code = answer(course)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good/find_heads.py", code)
        about = zipfile.ZipInfo("bad/find_heads.py")
        if member == "link":
            about.external_attr = 0o120777 << 16
        if member == "deep":
            about.filename = "bad/" + "a/" * 60 + "find_heads.py"
        if member == "leads out":
            about.filename = "../find_heads.py"
        archive.writestr(about, b"#" * (65 * 2**20) if member == "large" else code)
        if member == "twice":
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr("bad/find_heads.py", "x = 1")
    found = find_class(course, packed, place / "unpacked")
    exercise = [course.exercise("find_heads")]
    works = {each.name: each.hand_in(course, exercise) for each in found.learners}
    assert works["good"].submission.source(exercise[0]).strip() == code.strip()
    told = [str(each) for each in works["bad"].ignored] if "bad" in works else found.nobodys
    words = {
        "large": "larger",
        "link": "link",
        "twice": "twice",
        "deep": "../find_heads.py",
        "leads out": "../find_heads.py",
    }
    assert any(words[member] in each or "find_heads.py" in each for each in told), told
    shutil.rmtree(place / "unpacked")


def test_names_are_safe_and_each_learner_s_own(place: Path, course: Course) -> None:
    room = place / "names"
    names = ["n" * 250, "a\x1b[2J", "a\udcff", "a\udcfe", "a?", "=SUM(1)"]
    for name in names:
        (room / name).mkdir(parents=True)
    found = [learner.name for learner in find_class(course, room, place / "unpacked").learners]
    assert len(set(found)) == len(names)
    assert all(name.isprintable() and len(name.encode()) <= 130 for name in found)
    shutil.rmtree(room)


@pytest.mark.parametrize("text", ["{},", "[[]],", "1,", '{"a":{"b":[]}},'])
def test_a_notebook_of_many_values_is_refused_before_it_is_read(text: str, place: Path, course: Course) -> None:
    """4 MiB of `{},` took 680 MiB."""
    room = place / "many"
    room.mkdir()
    (room / "notes.ipynb").write_text('{"cells": [' + text * (8 * 2**20 // len(text)) + "0]}")
    tracemalloc.start()
    before = time.process_time()
    found = read_upload(course, course.lab(LAB), room)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "too many values" in " ".join(found.notes) + " ".join(texts_of(found, course).values())
    assert peak < 60 * 2**20 and time.process_time() - before < 20
    shutil.rmtree(room)


def test_an_honest_notebook_is_read(course: Course) -> None:
    """The bounds must leave room: a picture is one text, and a plot some thousand numbers."""
    body = json.dumps(done(course))
    assert body.count("{") < 20_000 and body.count(",") < 100_000
