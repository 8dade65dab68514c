"""Files as they are at one moment. Each is looked at once, and read only when it is not the file that was read before.

What was read before is known in memory, and from one command to the next in the checkout's private directory. A file counts as the same
by its size, its inode and the times of its last changes: the kernel sets one of these times, so that no tool can put it back.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path

from mechgrade.errors import CourseError
from mechgrade.files import write_atomic
from mechgrade.grading import code
from mechgrade.grading.code import Code, code_of, hash_of
from mechgrade.grading.place import NoPlaceError, directory

#: Size, last change of the content and of the file, inode.
Stamp = tuple[int, int, int, int]

#: A file that changed less than so many nanoseconds ago may change again without another time: some file systems count in seconds.
_SETTLED = 2_000_000_000

#: Where the private directory keeps what was read, and how many entries at most before it begins anew.
_FILE, _MOST = "seen.json", 20_000

#: What something was made of, by its name: a file's stamp, or the hashes that went into it; and what was made.
_known: dict[str, tuple[str, list[Code]]] = {}
_loaded: set[Path] = set()


class Look:
    """One look at a course's files. A context: what was read is kept for the next command when that ends.

    Args:
        root: the course, by which the private directory is found.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stamps: dict[str, Stamp | None] = {}
        self._folders: dict[tuple[Path, str], list[Path]] = {}
        self._new = False
        if root not in _loaded:
            _loaded.add(root)
            _load(root)

    def __enter__(self) -> Look:
        return self

    def __exit__(self, *_: object) -> None:
        if self._new:
            self._new = False
            _save(self._root)

    def exists(self, path: Path | str) -> bool:
        """Whether there is a file."""
        return self._stamp(str(path)) is not None

    def below(self, folder: Path, suffix: str = "") -> list[Path]:
        """The files in a folder and in the folders in it, by name, without hidden ones; none where there is no such folder."""
        if (folder, suffix) not in self._folders:
            self._folders[folder, suffix] = sorted(_below(folder, suffix))
        return self._folders[folder, suffix]

    def code(self, path: Path) -> Code:
        """A Python file.

        Raises:
            CourseError: it cannot be read.
        """
        return self._read("code", path, code_of)

    def data(self, path: Path) -> str:
        """The hash of any other file; line ends of text do not count.

        Raises:
            CourseError: it cannot be read.
        """
        return self._read("data", path, lambda body: Code(hash_of(_text(body)))).hash

    def made(self, name: str, of: str, make: Callable[[], list[Code]]) -> list[Code]:
        """What is made with effort, and is the same as long as ``of``, a hash of all that goes into it, is the same."""
        if name not in _known or _known[name][0] != of:
            _known[name] = (of, make())
            self._new = True
        return _known[name][1]

    def found(self) -> list[Path]:
        """The files that were looked at and are there."""
        return [Path(name) for name, stamp in self._stamps.items() if stamp is not None]

    def unchanged(self) -> bool:
        """Whether every file that was looked at is as it was, also those that were not there."""
        return all(_stamp_of(path) == stamp for path, stamp in self._stamps.items()) and all(
            sorted(_below(folder, suffix)) == found for (folder, suffix), found in self._folders.items()
        )

    def _stamp(self, path: str) -> Stamp | None:
        if path not in self._stamps:
            self._stamps[path] = _stamp_of(path)
        return self._stamps[path]

    def _read(self, kind: str, path: Path, make: Callable[[bytes], Code]) -> Code:
        stamp = self._stamp(str(path))
        name = f"{kind} {path}"
        known = _known.get(name)
        if known is not None and known[0] == str(stamp):
            return known[1][0]
        try:
            made = make(path.read_bytes())
        except OSError as error:
            raise CourseError(f"{path} cannot be read: {error.strerror}; what is graded depends on it") from None
        if stamp is not None and time.time_ns() - stamp[2] > _SETTLED:
            _known[name] = (str(stamp), [made])
            self._new = True
        return made


def _stamp_of(path: str) -> Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116  hundreds of files are looked at, and Path.stat takes longer
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _below(folder: Path, suffix: str) -> Iterator[Path]:
    # Hidden files are those of editors and file managers; they come and go.
    for above, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        yield from (Path(above, name) for name in names if name.endswith(suffix) and not name.startswith("."))


def _text(body: bytes) -> bytes:
    # As Git tells text from other data. A checkout may have turned its line ends.
    return body if b"\0" in body[:8000] else body.replace(b"\r\n", b"\n")


def _maker() -> str:
    """What made the hashes: another version of it makes others."""
    return f"{sys.version} {_stamp_of(code.__file__)} {_stamp_of(__file__)}"


def _load(root: Path) -> None:
    # Nothing depends on it: what cannot be read is made anew.
    with contextlib.suppress(NoPlaceError, OSError, ValueError, TypeError, KeyError, AttributeError):
        document = json.loads((directory(root) / _FILE).read_bytes())
        if document["maker"] == _maker():
            for name, (of, codes) in document["known"].items():
                _known.setdefault(name, (of, [Code(each, tuple(imports)) for each, imports in codes]))


def _save(root: Path) -> None:
    if len(_known) > _MOST:
        _known.clear()
    known = {name: (of, list(map(astuple, codes))) for name, (of, codes) in _known.items()}
    with contextlib.suppress(NoPlaceError, OSError):
        write_atomic(directory(root) / _FILE, json.dumps({"maker": _maker(), "known": known}))
