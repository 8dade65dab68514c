"""Code by what Python sees of it, and files by what is known of them."""

from __future__ import annotations

import ast
import json
import os
import time
from pathlib import Path

import pytest

from mechgrade.errors import CourseError
from mechgrade.grading import look as module
from mechgrade.grading.code import Code, code_of
from mechgrade.grading.look import Look
from mechgrade.grading.place import directory

ONE = """'''What it is.'''
import a.b
from c import d, e as f


def g(x=None, *, y=1):
    '''What it does.'''
    import h
    return [x, {**y}, f"{x!r:>4}", 1.0, -2, b"z", ...]
"""


@pytest.mark.parametrize(
    "same",
    [
        ONE.replace("\n", "\r\n"),
        "# A remark.\n" + ONE + "\n\n# Another.\n",
        ONE.replace("[x, {**y}, ", "[\n        x,\n        {**y},\n        "),
        ONE.replace('b"z"', "b'z'"),
    ],
)
def test_what_python_does_not_see(same: str) -> None:
    assert same != ONE
    assert code_of(same.encode()) == code_of(ONE.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("What it is.", "What it was."),
        ("What it does.", "What it did."),
        ("y=1", "y=True"),
        ("y=1", "y=1.0"),
        ("1.0", "1"),
        ("x=None", "x=0"),
        ("*, y", "y"),
        ("{**y}", "{}"),
        ("{**y}", "{None: y}"),
        ("!r:>4", "!s:>4"),
        ("-2", "2"),
        ("...", "None"),
        ('b"z"', '"z"'),
        ("return ", "yield "),
        ("as f", "as i"),
    ],
)
def test_what_python_sees(old: str, new: str) -> None:
    assert old in ONE
    assert code_of(ONE.replace(old, new).encode()).hash != code_of(ONE.encode()).hash


def test_a_python_whose_nodes_have_more_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.12 gave functions type_params. Where there are none, the hash must stay."""
    before = code_of(ONE.encode())
    monkeypatch.setattr(ast.FunctionDef, "_fields", (*ast.FunctionDef._fields, "news"))
    monkeypatch.setattr(ast.FunctionDef, "news", [], raising=False)
    assert code_of(ONE.encode()) == before


def test_imports() -> None:
    text = """
import a.b, c as d
from typing import TYPE_CHECKING
from e.f import g, h as i
from . import j
from ..k import l
from m import *
if TYPE_CHECKING:
    import never
else:
    import n
class O:
    def p(self):
        try:
            import q
        except ImportError:
            from r import s
"""
    expected = {"a.b", "c", "typing.TYPE_CHECKING", "e.f.g", "e.f.h", ".j", "..k.l", "m.", "n", "q", "r.s"}
    assert set(code_of(text.encode()).imports) == expected
    assert code_of(b"import typing\nif typing.TYPE_CHECKING:\n    import never\n").imports == ("typing",)
    assert code_of(b"if not TYPE_CHECKING:\n    import here\n").imports == ("here",)


@pytest.mark.parametrize("text", [b"def (", b"x = '\0'", b"# coding: nonsense\n", b"\xff\n", b"(" * 5000])
def test_what_is_no_python(text: bytes) -> None:
    """It counts by its bytes."""
    assert code_of(text).imports == ()
    assert code_of(text) != code_of(text + b" ")
    assert code_of(text) == code_of(text)


# --- files -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is read and parsed from now on."""
    seen: list[bytes] = []

    def counted(body: bytes) -> Code:
        seen.append(body)
        return code_of(body)

    monkeypatch.setattr(module, "code_of", counted)
    monkeypatch.setattr(module, "_known", {})
    monkeypatch.setattr(module, "_loaded", set())
    return seen


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled as soon as they are written."""
    monkeypatch.setattr(module, "_SETTLED", -1)


def another_process() -> None:
    """What another command would know at its start."""
    module._known.clear()
    module._loaded.clear()


def test_a_file_is_parsed_once(tmp_path: Path, parsed: list[bytes], settled: None) -> None:
    """In one process, and by the commands that come after it."""
    path = tmp_path / "a.py"
    path.write_text("import b\n")
    with Look(tmp_path) as look:
        first = look.code(path)
    assert Look(tmp_path).code(path) == first
    another_process()
    assert Look(tmp_path).code(path) == first == Code(code_of(b"import b\n").hash, ("b",))
    assert len(parsed) == 1


def test_a_changed_file_is_parsed_again(tmp_path: Path, parsed: list[bytes], settled: None) -> None:
    """Also where a tool has put size and time back, as archives with fixed times do."""
    path = tmp_path / "a.py"
    path.write_text("import b\n")
    with Look(tmp_path) as look:
        look.code(path)
    before = path.stat()
    time.sleep(0.02)  # the kernel's clock ticks
    path.write_text("import c\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (before.st_size, before.st_mtime_ns, before.st_ino) == (after.st_size, after.st_mtime_ns, after.st_ino)
    assert not look.unchanged()
    another_process()
    assert Look(tmp_path).code(path).imports == ("c",)


def test_a_file_that_was_just_written_is_not_known(tmp_path: Path, parsed: list[bytes]) -> None:
    """It may change again within one tick of the file system's clock."""
    path = tmp_path / "a.py"
    path.write_text("import b\n")
    for _ in range(2):
        with Look(tmp_path) as look:
            look.code(path)
    assert len(parsed) == 2
    assert not (directory(tmp_path) / "seen.json").exists()


def test_code_and_data_of_one_file_are_two_things(tmp_path: Path, parsed: list[bytes], settled: None) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    look = Look(tmp_path)
    code, data = look.code(path), look.data(path)
    assert code.hash != data
    path.write_text("x = 1  # a remark\n")
    assert Look(tmp_path).code(path) == code
    assert Look(tmp_path).data(path) != data


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"maker": 1}', b"\xff", None])
def test_what_an_earlier_command_left_is_spoilt(
    tmp_path: Path, parsed: list[bytes], settled: None, spoilt: bytes | None
) -> None:
    """Nothing depends on it. None is for one that another version of Python or of this code has left."""
    path = tmp_path / "a.py"
    path.write_text("import b\n")
    with Look(tmp_path) as look:
        look.code(path)
    kept = directory(tmp_path) / "seen.json"
    document = json.loads(kept.read_bytes())
    document["maker"] = "another"
    document["known"] = {name: [of, [["0", []]]] for name, (of, _) in document["known"].items()}
    kept.write_bytes(json.dumps(document).encode() if spoilt is None else spoilt)
    another_process()
    assert Look(tmp_path).code(path) == code_of(b"import b\n")


def test_where_nothing_can_be_left(
    tmp_path: Path, parsed: list[bytes], settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_text("import b\n")
    (tmp_path / f"mechgrade-{os.geteuid()}").write_text("a file where the directory should be")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with Look(tmp_path) as look:
        assert look.code(path).imports == ("b",)


def test_what_is_not_there_counts_too(tmp_path: Path) -> None:
    """A file that appears where one was looked for, or in a folder that was listed; but none of an editor's."""
    (tmp_path / "folder").mkdir()
    for name, noticed in (("a.py", True), ("folder/b.py", True), ("folder/.b.py.swp", False), ("folder/b.txt", False)):
        look = Look(tmp_path)
        assert not look.exists(tmp_path / "a.py") or name != "a.py"
        look.below(tmp_path / "folder", ".py")
        assert look.unchanged()
        (tmp_path / name).write_text("")
        assert look.unchanged() is not noticed


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"a\.py cannot be read: No such file"):
        Look(tmp_path).code(tmp_path / "a.py")
