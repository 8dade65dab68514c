"""``mechgrade``: has the host run the command where that gives the same, and runs it here where not.

The host's fork writes to this process's own terminal and files. What stays here is to wait, and to pass on what a terminal sends. A
signal that ends this process ends the fork too: the host sees the connection close.
"""

# ruff: noqa: PTH

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing takes as long to import as all that is needed here
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

#: Commands that are short, ask nothing, and hold no secret of a final grading.
LENT = {"grade", "hint", "read", "map", "progress", "--help", "-h"}

#: Options with which even those are run here: for a debugger, for a secret, for what was asked to go without a server.
HERE = {"--pdb", "--isolation", "--require-isolation", "--hidden", "--no-server"}

#: What turns MECHGRADE_SERVER on, as the option reads it.
_ON = {"1", "true", "t", "yes", "y", "on"}

#: The host's fork was lost; as the machine's fault everywhere.
_FAULT = 3


def main() -> None:
    """The entry point."""
    try:
        status = _lent() if may_be_lent(sys.argv[1:], os.environ) else None
    except KeyboardInterrupt:  # nothing has run yet
        sys.exit(130)
    if status is None:
        from mechgrade.doors.cli import main as command

        command()
    else:
        _end(status)


def may_be_lent(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether a command is one for the host. A command that is not could still be run there; only, nobody has thought it through."""
    return (
        sys.platform == "linux"
        and (not arguments or arguments[0] in LENT)
        and not any(each.partition("=")[0] in HERE for each in arguments)
        and environment.get("MECHGRADE_SERVER", "1").lower() in _ON
        and "MECHGRADE_SECRET" not in environment
        and None not in (sys.stdin, sys.stdout, sys.stderr)
        and not _is_observed()
    )


def _is_observed() -> bool:
    """Whether a debugger, a profiler or a measurement of coverage looks at this process, or a prompt is to follow."""
    if sys.gettrace() or sys.getprofile() or sys.flags.inspect or sys.flags.interactive:
        return True
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and any(monitoring.get_tool(number) for number in range(6))


def _lent() -> int | None:
    """Have the host run the command; its status as the kernel gave it. None where nothing has run."""
    from mechgrade.doors.host import talk
    from mechgrade.private import NoPlaceError

    try:
        connection = talk.connect()
        if connection is None or not _is_ready(connection):
            return None
    except (OSError, NoPlaceError):
        return None
    return _wait(connection)


def _is_ready(connection: socket.socket) -> bool:
    """Say what is to be run, with the current folder and the open files; whether the host will."""
    from socket import send_fds

    from mechgrade.doors.host import talk

    numbers = _open_files()
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        if len(numbers) >= talk.MAX_FILES:
            return False
        asked = talk.document(_request(numbers))
        sent = send_fds(connection, [asked], [here, *numbers])
        connection.sendall(asked[sent:])
        return connection.recv(16) == b"ready\n"
    finally:
        os.close(here)


def _open_files() -> list[int]:
    """The files that a program started now would have: the first three, and what the shell opened besides."""
    return [number for number in sorted(map(int, os.listdir("/proc/self/fd"))) if _is_inherited(number)]


def _is_inherited(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:  # the one by which the folder was listed
        return False


def _request(numbers: list[int]) -> str:
    import json

    from mechgrade.doors.host.circumstances import circumstances, status

    found, script = status(), sys.modules["__main__"]
    return json.dumps(
        {
            "ask": "run",
            "circumstances": circumstances(found),
            "files": numbers,
            "umask": found["Umask"],
            "ignored": found["SigIgn"],
            "blocked": found["SigBlk"],
            "arguments": sys.argv,
            "started": sys.orig_argv,
            "path": sys.path,
            "script": [getattr(script, "__file__", None), script.__package__],
            "environment": dict(os.environ),
            "streams": [
                [each.encoding, each.errors, each.line_buffering, each.write_through]  # type: ignore[attr-defined]
                for each in (sys.stdin, sys.stdout, sys.stderr)
            ],
        }
    )


def _wait(connection: socket.socket) -> int:
    """Let it run, pass on what the terminal sends to this process, and wait for the end."""
    import signal

    from mechgrade.doors.host.talk import GO

    def send(what: bytes) -> None:
        try:
            connection.sendall(what)
        except OSError:
            pass  # the host is gone, and whoever waits for its word will see that

    def interrupt(number: int, _frame: object) -> None:
        send(bytes([number]))

    def stop(number: int, _frame: object) -> None:
        send(bytes([signal.SIGSTOP]))
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # and here it stands, until the shell lets it go on
        signal.signal(number, stop)
        send(bytes([signal.SIGCONT]))

    handlers = {signal.SIGINT: interrupt, signal.SIGTSTP: stop}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, handlers)  # what comes now comes after GO
    for number, handler in handlers.items():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
    connection.settimeout(None)
    send(GO)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    said = b""
    try:
        while not said.endswith(b"\n") and (more := connection.recv(64)):
            said += more
    except OSError:
        pass
    word, _, status = said.decode().partition(" ")
    if word != "ended":
        sys.stderr.write(
            "mechgrade: the process that ran this command was ended from outside; run it again (--no-server does without it)\n"
        )
        sys.stderr.flush()
        os._exit(_FAULT)
    return int(status)


def _end(status: int) -> NoReturn:
    """End as the fork has ended, by the same signal if it was one. This process has written nothing, so nothing is to be flushed."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        import signal

        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
