"""Leave a host for the commands to come, ask it how it is, and end it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from mechgrade.doors.host.circumstances import reaches_start
from mechgrade.doors.host.talk import connect, document, folder
from mechgrade.private import NoPlaceError

#: How many seconds a host waits for the next command, unless the environment's MECHGRADE_IDLE says otherwise.
IDLE = 600.0


def leave_host() -> None:
    """Start a host, unless there is one. It imports while this process goes on, and outlives it."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(NoPlaceError, OSError):  # then there is none, and the next command imports for itself
        place = Path(folder())
        module = "mechgrade.doors.command_host"
        with (place / "lock").open("w") as lock, tempfile.TemporaryFile() as said:
            # A host holds it as long as it takes commands.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            subprocess.Popen(
                [sys.executable, "-m", module, str(place / "socket"), str(lock.fileno()), str(_idle())],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=place,
                env={name: value for name, value in os.environ.items() if reaches_start(name)},
                pass_fds=[lock.fileno()],
                start_new_session=True,
            )


def ask_host(what: str) -> dict[str, Any] | None:
    """The answer of this engine's host; None where there is none, or it does not answer.

    Args:
        what: ``status`` or ``stop``.
    """
    try:
        connection = connect()
        if connection is None:
            return None
        with connection:
            connection.sendall(document(json.dumps({"ask": what})))
            answer = json.loads(connection.recv(4096))
    except (OSError, ValueError, NoPlaceError):
        return None
    return answer if isinstance(answer, dict) else None


def _idle() -> float:
    try:
        return max(1.0, float(os.environ["MECHGRADE_IDLE"]))
    except (KeyError, ValueError):
        return IDLE
