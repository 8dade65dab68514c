"""Zips that strangers made: what would break is the instructor's machine."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path

import pytest

from mechgrade.course import Course
from mechgrade.submissions import arrived as arrivals
from mechgrade.submissions import notebook as notebooks
from mechgrade.submissions.archive import ArchiveError, Bounds, unpack
from mechgrade.submissions.handed_in import read_hand_in


def packed(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries:
            archive.writestr(name, body)
    return path


def test_takes_out_what_can_be_work(tmp_path: Path) -> None:
    """Python files and notebooks come out where they were; of the rest of what a learner packs, the name alone."""
    entries = [
        ("lab3/a.py", b"x = 1"),
        ("lab3/b.ipynb", b"{}"),
        ("lab3/weights.pt", b"0" * 100),
        ("__MACOSX/lab3/._a.py", b""),
    ]
    unpack(packed(tmp_path / "a.zip", *entries), tmp_path / "out")
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {"lab3/a.py", "lab3/b.ipynb", "lab3/weights.pt"}
    assert (tmp_path / "out/lab3/weights.pt").stat().st_size == 0
    assert (tmp_path / "out/lab3/a.py").read_text() == "x = 1"


@pytest.mark.parametrize(
    "name", ["../evil.py", "lab3/../../evil.py", "/tmp/evil.py", "..\\evil.py", "C:\\evil.py", "C:/evil.py"]
)
def test_no_path_leads_out(tmp_path: Path, name: str) -> None:
    """Nothing is written outside the folder, by whatever separator."""
    with pytest.raises(ArchiveError, match="leads out"):
        unpack(packed(tmp_path / "a.zip", (name, b"")), tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("evil.py"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_no_links_and_devices(tmp_path: Path, kind: int) -> None:
    """A link to the solutions would be graded as the learner's own work."""
    entry = zipfile.ZipInfo("lab3/find_heads.py")
    entry.external_attr = (kind | 0o777) << 16
    with pytest.raises(ArchiveError, match="link or a special file"):
        unpack(packed(tmp_path / "a.zip", (entry, b"/srv/course/solutions/lab3/find_heads.py")), tmp_path / "out")


def test_a_bomb_is_stopped_while_it_is_inflated(tmp_path: Path) -> None:
    """A gigabyte of zeros in a megabyte: at most the bound reaches the disk."""
    archive = packed(tmp_path / "a.zip", ("lab3/a.py", bytes(2**26)))
    assert archive.stat().st_size < 2**20
    with pytest.raises(ArchiveError, match=r"larger than 1 MiB \(it has 64.0 MiB\); pack it again"):
        unpack(archive, tmp_path / "out", Bounds(file_bytes=2**20))
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.py")) <= 2**20


def test_many_small_bombs_are_one(tmp_path: Path) -> None:
    """The bound holds for all files together."""
    entries = [(f"lab3/{number}.py", bytes(2**18)) for number in range(16)]
    with pytest.raises(ArchiveError, match="more than 1 MiB in all; pack it again"):
        unpack(packed(tmp_path / "a.zip", *entries), tmp_path / "out", Bounds(total_bytes=2**20))
    with pytest.raises(ArchiveError, match="16 entries"):
        unpack(packed(tmp_path / "b.zip", *entries), tmp_path / "more", Bounds(files=15))


def test_a_size_that_lies(tmp_path: Path) -> None:
    """An archive that claims a small size for a large entry is stopped all the same."""
    body = bytearray(packed(tmp_path / "a.zip", ("lab3/a.py", bytes(2**22))).read_bytes())
    for place in (body.find(b"PK\x03\x04") + 22, body.find(b"PK\x01\x02") + 24):
        body[place : place + 4] = (16).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(body)
    with pytest.raises(ArchiveError):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.py")) <= 2**16


def test_twice_the_same_name(tmp_path: Path) -> None:
    """Which of two files is meant cannot be known."""
    with pytest.warns(UserWarning, match="Duplicate"):
        archive = packed(tmp_path / "a.zip", ("lab3/a.py", b"1"), ("lab3/a.py", b"2"))
    with pytest.raises(ArchiveError, match="twice"):
        unpack(archive, tmp_path / "out")


def test_what_is_no_zip(tmp_path: Path) -> None:
    """Damaged, encrypted, or something else: a sentence, no traceback."""
    good = io.BytesIO()
    with zipfile.ZipFile(good, "w") as archive:
        archive.writestr("lab3/a.py", "x = 1\n" * 100)
    body = bytearray(good.getvalue())
    encrypted = bytearray(body)
    encrypted[body.find(b"PK\x03\x04") + 6] |= 1
    encrypted[body.find(b"PK\x01\x02") + 8] |= 1
    damaged = bytearray(body)
    damaged[60] ^= 255
    for number, content in enumerate([b"", b"no zip", body[:-30], encrypted, damaged]):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(content)
        with pytest.raises(ArchiveError):
            unpack(path, tmp_path / f"out{number}")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    """Names that contradict each other, or that no file system takes."""
    for number, entries in enumerate([[("a.py", b""), ("a.py/b.py", b"")], [("x" * 300 + ".py", b"")]]):
        with pytest.raises(ArchiveError, match="cannot be made here"):
            unpack(packed(tmp_path / f"{number}.zip", *entries), tmp_path / f"out{number}")


def test_a_notebook_has_one_bound_however_it_is_handed_in(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large outputs do not matter. Above the bound the learner is told the size, the bound and what to do, in a folder and in a zip."""
    lab = course.lab("lab3")
    cell = {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "source": "def find_heads(a, b):\n    return []\n",
    }
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 20 * 2**20}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell | {"outputs": [output]}]}
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/lab3.ipynb").write_text(json.dumps(notebook))
    packed(tmp_path / "hw.zip", ("lab3.ipynb", (tmp_path / "folder/lab3.ipynb").read_bytes()))
    ways = (tmp_path / "folder", tmp_path / "hw.zip", tmp_path / "folder/lab3.ipynb")
    assert [[each.name for each in read_hand_in(course, [lab], way).begun] for way in ways] == [["find_heads"]] * 3
    for module, name, value in ((notebooks, "MAX_FILE", 2**20), (arrivals, "ONE", Bounds(file_bytes=2**20))):
        monkeypatch.setattr(module, name, value)
    for way in ways:
        read = read_hand_in(course, [lab], way)
        said = "; ".join(read.lines(course))
        assert not read.begun
        assert "is larger than 1 MiB (it has 20.1 MiB); clear its outputs, save it, and hand it in again" in said
