"""A fork of the host becomes the command, as a process that the shell has started itself: what it has open, where it is, what it sees.

What is not here needs nothing: Python draws a new state for ``random`` at each fork, and nothing else has run yet.
"""

from __future__ import annotations

import atexit
import fcntl
import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import IO, Any, NoReturn

from mechgrade.sandbox import libc

_PR_SET_PDEATHSIG = 1

#: After Ctrl-C, as shells have it.
_STOPPED = 130


@dataclass(frozen=True)
class Brought:
    """What a command brought: what the client said of itself, its current folder and its open files, and who forked."""

    request: dict[str, Any]
    files: list[int]
    host: int


def become(brought: Brought, command: Callable[[], None]) -> Callable[[], None]:
    """Make this process the client's. It goes on with SIGINT blocked, until what comes back is called, which runs the command."""
    os.setpgid(0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != brought.host:
        os._exit(1)
    request = brought.request
    _place(brought.files, request["files"])
    os.umask(int(request["umask"], 8))
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[:], sys.orig_argv[:], sys.path[:] = request["arguments"], request["started"], request["path"]
    sys.modules["__main__"] = _script(*request["script"])
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = _stream(number, name, mode, *request["streams"][number])
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    _handle(int(request["ignored"], 16))
    blocked = {number for number in signal.valid_signals() if int(request["blocked"], 16) >> (number - 1) & 1}

    def run() -> None:
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        except KeyboardInterrupt:  # it came before this process was there
            sys.exit(_STOPPED)
        command()

    return run


def _place(files: list[int], numbers: list[int]) -> None:
    """Go to the client's folder, the first of the files, and give the others the numbers that they have there."""
    os.fchdir(files[0])
    os.close(files[0])
    above = max([*files, *numbers]) + 1
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, above) for descriptor in files[1:]]
    for descriptor in files[1:]:
        os.close(descriptor)
    for descriptor, number in zip(moved, numbers, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)


def _stream(
    number: int, name: str, mode: str, encoding: str, errors: str, line_buffering: bool, write_through: bool
) -> IO[str]:
    """A standard stream, as the interpreter makes it."""
    unbuffered = mode == "w" and write_through
    buffer: Any = open(number, f"{mode}b", buffering=0 if unbuffered else -1, closefd=False)  # noqa: SIM115
    (buffer if unbuffered else buffer.raw).name = f"<{name}>"
    stream = io.TextIOWrapper(
        buffer, encoding, errors, newline="\n", line_buffering=line_buffering, write_through=write_through
    )
    stream.mode = mode  # type: ignore[misc]  # the interpreter sets it too; its type says that nobody may
    return stream


def _script(file: str | None, package: str | None) -> ModuleType:
    """The module that the interpreter was started with; by it a message of usage names the program."""
    found = ModuleType("__main__")
    found.__package__ = package
    if file is not None:
        found.__file__ = file
    return found


def _handle(ignored: int) -> None:
    """Ignore the signals that the client ignores, and no others; the bits are those of /proc."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        is_ignored = signal.getsignal(number) is signal.SIG_IGN
        if ignored >> (number - 1) & 1:
            if not is_ignored:
                signal.signal(number, signal.SIG_IGN)
        elif number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
        elif is_ignored:
            signal.signal(number, signal.SIG_DFL)


def finish(command: Callable[[], None]) -> NoReturn:
    """Run a command and end as the interpreter does; only, what is in memory is not taken apart, which nobody would see."""
    try:
        command()
        code = 0
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        code = end.code or 0
    threading._shutdown()  # type: ignore[attr-defined]  # the interpreter's own first step: it waits for threads; there is no public name
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads any more: the interpreter has its own words for that
        sys.exit(code)
    os._exit(code & 0xFF)
