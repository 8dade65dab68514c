"""Where a checkout's page is found: its address and its token, in the private directory of this user.

A server that starts anew takes the same port and the same token, so that a page which is open goes on. Only one runs for a
checkout: it holds a lock, which ends with its process.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from mechgrade.files import write_atomic
from mechgrade.grading.place import NoPlaceError, directory

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """Where a page is served, and the secret that opens it."""

    port: int
    token: str
    process: int

    def url(self, path: str = "/") -> str:
        """The address for a browser."""
        return f"http://{HOST}:{self.port}{path}?token={self.token}"


class Place:
    """A checkout's place for its page, or none where no private directory can be had."""

    def __init__(self, root: Path) -> None:
        self._folder: Path | None = None
        self._lock: int | None = None
        with contextlib.suppress(NoPlaceError):
            self._folder = directory(root)

    def take(self) -> bool:
        """Be the one that serves this checkout; whether nobody else is."""
        if self._folder is None:
            return True
        try:
            self._lock = os.open(self._folder / "page.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError:  # a full disk: a page that cannot be found again is better than none
            self._folder = None
            return True
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
            return False
        return True

    def read(self) -> Address | None:
        """The address that was written last."""
        if self._folder is None:
            return None
        try:
            document = json.loads((self._folder / "page.json").read_bytes())
            found = Address(int(document["port"]), str(document["token"]), int(document["process"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if len(found.token) >= 20 else None

    def open(self) -> tuple[socket.socket, Address]:
        """Listen where the last server did, or on a free port, and write down where."""
        last = self.read()
        listening = _listen(last.port if last is not None else 0)
        token = last.token if last is not None else secrets.token_urlsafe(24)
        address = Address(listening.getsockname()[1], token, os.getpid())
        if self._folder is not None:
            # The directory is this user's alone, which is what keeps the token from others.
            with contextlib.suppress(OSError):  # the page is there, and the next one has another address
                write_atomic(self._folder / "page.json", json.dumps(asdict(address)))
        return listening, address

    def close(self) -> None:
        """Give the place back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _listen(port: int) -> socket.socket:
    for wanted in dict.fromkeys([port, 0]):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # The connections of a server that was killed linger, and are nobody's any more.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, wanted))
        except OSError:  # somebody else has taken it
            listening.close()
            continue
        return listening
    raise OSError("no free port")
