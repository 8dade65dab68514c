"""Which files run when Python code is imported: its imports are followed, into the course and into the engine, and no further."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import mechgrade
from mechgrade.errors import CourseError
from mechgrade.grading.look import Look

#: The engine's folder.
PACKAGE = Path(mechgrade.__file__).parent


class Imports:
    """The imports of files as they were seen in a look.

    Raises:
        CourseError: every method, where a file cannot be read.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._found: dict[tuple[Path, str], list[Path]] = {}

    def closure(self, starts: Iterable[Path], folders: Sequence[Path] = (), without: Iterable[Path] = ()) -> set[Path]:
        """Some files and all that they import, directly or not.

        Args:
            folders: where the course's own modules may lie.
            without: files at which following ends; they are not in the result.
        """
        found: set[Path] = set()
        left = set(without)
        waiting = list(starts)
        while waiting:
            path = waiting.pop()
            if path not in found and path not in left:
                found.add(path)
                waiting += self.files(self._look.code(path).imports, path, folders)
        return found

    def files(self, names: Iterable[str], by: Path, folders: Sequence[Path]) -> Iterator[Path]:
        """The files that some imports run.

        Args:
            names: dotted, as :class:`mechgrade.grading.code.Code` has them.
            by: the file that imports, where relative imports start.
            folders: where the course's own modules may lie.
        """
        for name in names:
            dotted = name.lstrip(".")
            if up := len(name) - len(dotted):
                yield from self._along(by.parents[up - 1], dotted)
            elif dotted.partition(".")[0] == PACKAGE.name:
                yield from self._along(PACKAGE.parent, dotted)
            else:
                for folder in folders:
                    yield from self._along(folder, dotted)

    def module(self, name: str) -> list[Path]:
        """The files that run when one of the engine's modules is imported.

        Raises:
            CourseError: there is no such module: the engine is not whole, or the module has another name now.
        """
        found = self._along(PACKAGE.parent, name)
        if len(found) <= name.count("."):
            raise CourseError(f"the module {name} is missing in {PACKAGE}: install mechgrade again")
        return found

    def _along(self, folder: Path, name: str) -> list[Path]:
        """A package's ``__init__`` for each part of a dotted name, and the module; what comes after that is a name in it."""
        if (folder, name) not in self._found:
            self._found[folder, name] = list(map(Path, self._walk(str(folder), name.split("."))))
        return self._found[folder, name]

    def _walk(self, folder: str, parts: Sequence[str]) -> Iterator[str]:
        for part in parts:
            folder = f"{folder}/{part}"
            if self._look.exists(package := f"{folder}/__init__.py"):
                yield package
            elif self._look.exists(f"{folder}.py"):
                yield f"{folder}.py"
                return
            elif not os.path.isdir(folder):  # noqa: PTH112  asked of every library that is imported
                return
