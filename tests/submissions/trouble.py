"""Forty and more ways in which a hand-in of lab 3's exercise find_heads arrives: names, archives, neighbours.

``TROUBLE`` is a table. Each case writes a hand-in into an empty folder, and says which file counts, what is passed over and why.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mechgrade.course import Course

from .awkward import LAB, answer, blank, done

#: A body that answers, one that is the stub, and one of something else.
ANSWER, STUB, OTHER = "answer", "stub", "other"

Body = Callable[[Course], bytes]


@dataclass(frozen=True)
class Trouble:
    """A hand-in.

    Attributes:
        name: what is the trouble.
        files: path → what is in it; the path of an archive → its own files.
        used: the file that counts, as it is told; empty where none does.
        ignored: words that must be in the list of what is ignored.
        newest: files whose time is set later than all others', in this order.
    """

    name: str
    files: dict[str, object]
    used: str = ""
    ignored: tuple[str, ...] = ()
    newest: tuple[str, ...] = field(default=())

    def build(self, course: Course, folder: Path) -> None:
        """Write it."""
        for name, body in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made(course, name, body))
            os.utime(path, (1_700_000_000, 1_700_000_000))
        for place, name in enumerate(self.newest, 1):
            os.utime(folder / name, (1_700_000_000 + 100 * place,) * 2)


def made(course: Course, name: str, body: object) -> bytes:
    """The bytes of a file, or of an archive of files."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, dict):
        inside = {each: made(course, each, what) for each, what in body.items()}
        return _zip(inside) if ".zip" in name.lower() else _tar(inside, name)
    if name.rpartition(".")[2] in ("ipynb", "json") or ".ipynb" in name:
        return json.dumps(done(course) if body == ANSWER else blank(course)).encode()
    from mechgrade.course.source import read_source

    texts = {
        ANSWER: answer(course),
        STUB: read_source(course, course.exercise("find_heads", LAB)).stub,
        OTHER: "def helper():\n    return 1\n",
    }
    return texts[str(body)].encode()


def _zip(inside: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in inside.items():
            archive.writestr(name, content)
    return body.getvalue()


def _tar(inside: dict[str, bytes], name: str) -> bytes:
    body = io.BytesIO()
    mode = {"gz": "w:gz", "tgz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}.get(name.rpartition(".")[2], "w")
    with tarfile.open(fileobj=body, mode=mode) as archive:  # type: ignore[call-overload]  # a mode from a table
        for each, content in inside.items():
            entry = tarfile.TarInfo(each)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return body.getvalue()


def _renamed(name: str) -> Trouble:
    return Trouble(name, {name: ANSWER}, name)


def _inside(archive: str, path: str = "find_heads.py") -> Trouble:
    return Trouble(f"{path} in {archive}", {archive: {path: ANSWER}}, f"{archive}/{path}")


def _packed(*names: str) -> dict[str, object]:
    """Archives in archives, the last one with the answer."""
    body: object = ANSWER
    for inner in reversed(names[1:]):
        body = {inner: body}
    return {names[0]: body}


TROUBLE: tuple[Trouble, ...] = (
    Trouble("as asked", {"lab3/find_heads.py": ANSWER}, "lab3/find_heads.py"),
    # Names that browsers, platforms and people make.
    *map(
        _renamed,
        [
            "find_heads-1.py",
            "find_heads (1).py",
            "find_heads(2).py",
            "find_heads copy.py",
            "Copy of find_heads.py",
            "find_heads - Kopie.py",
            "Find_Heads.py",
            "FIND_HEADS.PY",
            "FindHeads.py",
            "find-heads.py",
            "find heads.py",
            "find_heads_v2.py",
            "find_heads_final.py",
            "find_heads_lovelace.py",
            "lovelace_find_heads.py",
            "doejane_1_2_find_heads.py",
            "doejane_LATE_1_2_find_heads-3.py",
            "Ada Lovelace_12345_assignsubmission_file_find_heads.py",
            "Lab 3_alovelace_attempt_2026-01-31-10-00-00_find_heads.py",
            "find_heads.py.txt",
            "find_heads.txt",
            "find_heads.py (1).txt",
            "find_heads.py.download",
            "answers.py",
        ],
    ),
    # Where it lies.
    Trouble("deep folders", {"a/b/c/d/e/find_heads.py": ANSWER}, "a/b/c/d/e/find_heads.py"),
    Trouble("a folder with blanks", {"My Homework (1)/find_heads.py": ANSWER}, "My Homework (1)/find_heads.py"),
    _inside("homework.zip"),
    _inside("HOMEWORK.ZIP"),
    _inside("homework.zip", "homework/exercises/lab3/find_heads.py"),
    _inside("homework.zip", "find_heads-1.py"),
    _inside("homework.tar"),
    _inside("homework.tar.gz", "lab3/find_heads.py"),
    _inside("homework.tgz"),
    _inside("homework.tar.bz2"),
    _inside("homework.tar.xz"),
    Trouble("a zip in a zip", _packed("outer.zip", "inner.zip", "find_heads.py"), "outer.zip/inner.zip/find_heads.py"),
    Trouble(
        "a tar in a zip", _packed("outer.zip", "inner.tar.gz", "find_heads.py"), "outer.zip/inner.tar.gz/find_heads.py"
    ),
    # What cannot be read.
    Trouble("rar", {"homework.rar": b"Rar!"}, "", ("homework.rar: archives of this kind are not read",)),
    Trouble("7z", {"homework.7z": b"7z"}, "", ("homework.7z: archives of this kind are not read",)),
    Trouble("rar in a zip", {"h.zip": {"homework.rar": b"Rar!"}}, "", ("h.zip/homework.rar: archives of this kind",)),
    Trouble("no zip", {"homework.zip": b"no zip"}, "", ("homework.zip: the zip was not unpacked: it is no readable",)),
    Trouble("no tar", {"homework.tar.gz": b"no tar"}, "", ("homework.tar.gz: the tar was not unpacked",)),
    Trouble(
        "archives five deep",
        _packed("1.zip", "2.zip", "3.zip", "4.zip", "5.zip", "find_heads.py"),
        "",
        ("1.zip/2.zip/3.zip/4.zip/5.zip: archives are looked for",),
    ),
    Trouble("a document", {"report.pdf": b"%PDF"}, "", ("report.pdf: it is no Python file and no notebook",)),
    Trouble("a text", {"answer.txt": OTHER}, "", ("answer.txt: it is no Python file and no notebook",)),
    Trouble("something else", {"helper.py": OTHER}, "", ("helper.py: it is named like no exercise",)),
    Trouble("not UTF-8", {"find_heads.py": b"\xe9 = 1"}, "", ("find_heads.py: find_heads.py is not UTF-8",)),
    Trouble("a test only", {"test_find_heads.py": ANSWER}, "", ("test_find_heads.py: it is a test",)),
    Trouble("another lab's folder", {"lab1/find_heads.py": ANSWER}, "", ("lab1/find_heads.py: it is in the folder",)),
    Trouble("nothing", {".DS_Store": b""}),
    # Several candidates.
    Trouble(
        "a copy beside it",
        {"find_heads.py": ANSWER, "find_heads (1).py": OTHER},
        "find_heads.py",
        ("find_heads (1).py: find_heads.py was used",),
    ),
    Trouble(
        "the stub beside a copy",
        {"find_heads.py": STUB, "find_heads (1).py": ANSWER},
        "find_heads (1).py",
        ("find_heads.py: nothing is written in it yet",),
    ),
    Trouble(
        "two copies, the newer one counts",
        {"find_heads (1).py": ANSWER, "find_heads (2).py": ANSWER},
        "find_heads (1).py",
        ("find_heads (2).py: find_heads (1).py was used",),
        ("find_heads (2).py", "find_heads (1).py"),
    ),
    Trouble(
        "two copies of one time, the higher number counts",
        {"find_heads (1).py": ANSWER, "find_heads (2).py": ANSWER},
        "find_heads (2).py",
        ("find_heads (1).py: find_heads (2).py was used",),
    ),
    Trouble(
        "two files that define it, the newer one counts",
        {"old.py": ANSWER, "new.py": ANSWER},
        "new.py",
        ("old.py: new.py was used for find_heads",),
        ("old.py", "new.py"),
    ),
    # Notebooks.
    *(
        Trouble(name, {name: ANSWER}, name)
        for name in [
            "03-induction-head-analysis.ipynb",
            "03-induction-head-analysis (1).ipynb",
            "doejane_1_2_03-induction-head-analysis-1.ipynb",
            "03-induction-head-analysis.ipynb.txt",
            "03-induction-head-analysis.ipynb.json",
            "Untitled.ipynb",
        ]
    ),
    Trouble(
        "a notebook beside a file",
        {"find_heads.py": ANSWER, "03-induction-head-analysis.ipynb": STUB},
        "find_heads.py",
    ),
    Trouble(
        "the empty notebook beside a filled one",
        {"03-induction-head-analysis.ipynb": STUB, "mine.ipynb": ANSWER},
        "mine.ipynb",
        ("03-induction-head-analysis.ipynb: mine.ipynb was taken for the notebook",),
    ),
    Trouble(
        "a notebook in a zip",
        {"hw.zip": {"nb/03-induction-head-analysis.ipynb": ANSWER}},
        "hw.zip/nb/03-induction-head-analysis.ipynb",
    ),
    Trouble(
        "a notebook that is none",
        {"03-induction-head-analysis.ipynb": b"{"},
        "",
        ("03-induction-head-analysis.ipynb: 03-induction-head-analysis.ipynb cannot be read as a notebook",),
    ),
)
