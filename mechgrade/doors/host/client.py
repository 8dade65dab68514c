"""What the shell starts: it asks the host, and waits.

The host's fork writes to this process's own terminal and files. What stays here is to wait, and to pass on what a terminal sends. A
signal that ends this process ends the fork too: the host sees the connection close.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in all that a command begins with
if TYPE_CHECKING:
    import socket
    from typing import NoReturn

#: The fork was lost: the machine's fault, as everywhere.
_FAULT = 3


def lent() -> None:
    """Have the host run the command, and end as it ends. Comes back where there is no host for it, and nothing has run."""
    from mechgrade.doors.host import talk
    from mechgrade.private import NoPlaceError

    try:
        connection = talk.connect()
        if connection is None:
            return
        files = _open_files()
        if not _is_ready(connection, files):
            return
        here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    except (OSError, NoPlaceError):
        return
    status = _wait(connection, [here, *files])
    if status is not None:
        _end(status)


def _is_ready(connection: socket.socket, files: list[int]) -> bool:
    """Say what is to be run; whether the host will."""
    from mechgrade.doors.host import talk

    connection.sendall(talk.document(_request(files)))
    return len(files) < talk.MAX_FILES and connection.recv(16) == b"ready\n"


def _open_files() -> list[int]:
    """The files that a program started now would have: the first three, and all others that the shell has opened."""
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
                [each.encoding, each.errors, each.line_buffering, each.write_through]  # type: ignore[union-attr]  # each is open: may_be_lent has looked
                for each in (sys.stdin, sys.stdout, sys.stderr)
            ],
        }
    )


def _wait(connection: socket.socket, files: list[int]) -> int | None:
    """Let it run, pass on what the terminal sends to this process, and wait for the end. None where it did not run after all."""
    import signal
    from socket import send_fds

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
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, handlers)  # what comes now comes after GO
    before = {number: signal.getsignal(number) for number in handlers}
    for number, mine in handlers.items():
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, mine)
    connection.settimeout(None)
    said = b""
    try:
        send_fds(connection, [GO], files)
    except OSError:
        said = b"refused: it has just ended\n"
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    try:
        while not said.endswith(b"\n") and (more := connection.recv(64)):
            said += more
    except OSError:
        pass
    word, _, status = said.decode().partition(" ")
    if word == "refused:":
        for number, handler in before.items():
            signal.signal(number, handler)
        return None
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
