"""Which files run when Python code is imported: imports are followed into the course's modules and the engine, and no further."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import mechgrade
from mechgrade.errors import CourseError
from mechgrade.grading.look import Look

#: The engine's folder.
PACKAGE = Path(mechgrade.__file__).parent

#: What lies in a package and is no data that its code could read.
_NO_DATA = (".py", ".md")


class Imports:
    """The imports of files as they were seen in a look.

    Args:
        shared: the course's own modules by their names: the folder that each lies in.

    Raises:
        CourseError: every method, where a file cannot be read.
    """

    def __init__(self, look: Look, shared: Mapping[str, Path]) -> None:
        self._look = look
        self._shared = shared
        self._known: dict[tuple[Path, str], list[Path]] = {}

    def closure(self, starts: Iterable[Path], without: Iterable[Path] = ()) -> set[Path]:
        """Some files and all that they import, directly or not; without some files, at which following ends."""
        found: set[Path] = set()
        left = set(without)
        waiting = list(starts)
        while waiting:
            path = waiting.pop()
            if path not in found and path not in left:
                found.add(path)
                waiting += self.files(self._look.code(path).imports, path)
        return found

    def files(self, names: Iterable[str], by: Path) -> Iterator[Path]:
        """The files that some imports run.

        Args:
            names: dotted, as :class:`mechgrade.grading.code.Code` has them.
            by: the file that imports, where relative imports start.
        """
        for name in names:
            dotted = name.lstrip(".")
            first = dotted.partition(".")[0]
            if up := len(name) - len(dotted):
                yield from self._along(by.parents[up - 1], dotted)
            elif first in self._shared:
                yield from self._along(self._shared[first], dotted)
            elif first == PACKAGE.name:
                yield from self._along(PACKAGE.parent, dotted)

    def module(self, name: str) -> list[Path]:
        """The files that run when one of the engine's modules is imported.

        Raises:
            CourseError: there is no such module: the engine is not whole, or the module has another name now.
        """
        found = self._along(PACKAGE.parent, name)
        if len(found) <= name.count("."):
            raise CourseError(f"the module {name} is missing in {PACKAGE}: install mechgrade again")
        return found

    def mentioned(self, text: str) -> set[str]:
        """The course's modules that a text may import, by their names in it: a stranger's text is not parsed here.

        A name in a remark counts too.
        """
        found: set[str] = set()
        for dotted, imported in self._mentions.findall(text) if self._modules else ():
            module, *rest = dotted.split(".")
            for part in rest:
                if f"{module}.{part}" not in self._modules:
                    break
                module = f"{module}.{part}"
            found |= {module, *(f"{module}.{word}" for word in re.findall(r"\w+", imported))} & self._modules
        return found

    def data_beside(self, paths: Iterable[Path]) -> list[Path]:
        """The files in the folders of the course's packages that some files of code may read."""
        packages = [folder / name for name, folder in self._shared.items()]
        folders = {path.parent for path in paths if any(path.is_relative_to(package) for package in packages)}
        beside = [path for folder in folders for path in self._look.below(folder) if path.parent == folder]
        return [path for path in beside if path.suffix not in _NO_DATA]

    @cached_property
    def _mentions(self) -> re.Pattern[str]:
        """A module's dotted name, and the words that come after ``import``."""
        names = "|".join(map(re.escape, self._shared))
        return re.compile(rf"\b((?:{names})\b[\w.]*)(?:\s+import\b[\s(]*([\w\s,]*))?")

    @cached_property
    def _modules(self) -> set[str]:
        """The dotted names of the course's modules and packages."""
        found = set()
        for name, folder in self._shared.items():
            for path in [*self._look.below(folder / name, ".py"), folder / f"{name}.py"]:
                if self._look.exists(path):
                    parts = path.relative_to(folder).with_suffix("").parts
                    found.add(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        return found

    def _along(self, folder: Path, name: str) -> list[Path]:
        """A package's ``__init__`` for each part of a dotted name, and the module; what comes after that is a name in it."""
        if (folder, name) not in self._known:
            self._known[folder, name] = list(map(Path, self._walk(str(folder), name.split("."))))
        return self._known[folder, name]

    def _walk(self, folder: str, parts: Sequence[str]) -> Iterator[str]:
        for part in parts:
            folder = f"{folder}/{part}"
            if self._look.exists(package := f"{folder}/__init__.py"):
                yield package
            elif self._look.exists(f"{folder}.py"):
                yield f"{folder}.py"
                return
