"""What a host has imported for the commands to come, and whether a command started now would import the same."""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mechgrade.doors.host.circumstances import reaches_start, status

#: A file that changed less than so many nanoseconds ago may change again without another time.
_SETTLED = 2_000_000_000

Stamp = tuple[int, int, int, int]


class ImportedError(Exception):
    """What was imported is not what a fresh process would have; the text says why."""


class Imported:
    """All that is imported, and what it was imported from and by.

    Args:
        bring: imports all that commands need.

    Raises:
        ImportedError: a file changed meanwhile, or the imports left something behind.
    """

    def __init__(self, bring: Callable[[], object]) -> None:
        begun = time.time_ns()
        self._environment = dict(os.environ)
        before = _traces()
        with _reading() as self._read:
            bring()
        if before != _traces():
            raise ImportedError("an import changed the process, and a fork would have that twice or not at all")
        if os.fork() == 0:  # libraries end their threads before a fork, and make new ones when they need them
            os._exit(0)
        os.wait()
        if threading.active_count() > 1 or status()["Threads"] != "1":
            raise ImportedError("an import left a thread, and a fork would not have it")
        self._stamps = {path: _stamp(path) for path in _files()}
        latest = max(max(stamp[1:3]) for stamp in self._stamps.values() if stamp is not None)
        if latest > begun - _SETTLED:
            raise ImportedError("a file has just changed")

    def is_current(self) -> bool:
        """Whether every file is as it was."""
        return all(_stamp(path) == stamp for path, stamp in self._stamps.items())

    def differs(self, environment: Mapping[str, str]) -> set[str]:
        """The variables that were read on the way to here and have another value in an environment."""
        names = {name for name in {*environment, *self._environment} if reaches_start(name)} | self._read
        return {name for name in names if environment.get(name) != self._environment.get(name)}


def _traces() -> tuple[Any, ...]:
    """What an import has no business to change: the environment, the search path, the folder, and what was printed."""
    return dict(os.environ), list(sys.path), Path.cwd(), [os.fstat(number).st_size for number in (1, 2)]


@contextlib.contextmanager
def _reading() -> Iterator[set[str]]:
    """Which variables of the environment Python code reads while this lasts."""
    read: set[str] = set()

    class Read(type(os.environ)):  # type: ignore[misc]  # a base that is computed: the class has no public name
        def __getitem__(self, name: str) -> Any:
            read.add(name)
            return super().__getitem__(name)

    # The object stays: modules that are imported now may keep it.
    kind = type(os.environ)
    os.environ.__class__ = Read
    try:
        yield read
    finally:
        os.environ.__class__ = kind


def _files() -> Iterator[str]:
    """The files of the modules, the interpreter, and the folders whose time changes when a package comes or goes."""
    for module in list(sys.modules.values()):
        if isinstance(path := getattr(module, "__file__", None), str):
            yield path
    yield from {sys.executable, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116  hundreds of files are looked at, and Path.stat takes longer
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
