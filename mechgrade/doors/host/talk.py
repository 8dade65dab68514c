"""How a command and its host speak: where the host listens, and who it has to be.

The command sends one JSON document, its length before it. The host answers in lines. It says ``ready`` or ``refused``. On the command's
:data:`GO`, which brings its current folder and its open files, the host forks. At last it says ``ended`` with the status that the kernel
gave. In between each byte of the command's is a signal for the fork. Until :data:`GO` nothing has run, and the host holds nothing of
the command's: a host that does not answer is left alone, and the command goes another way.
"""

from __future__ import annotations

import os
import socket
import sys

from mechgrade.private import private_folder

#: Run it. What comes after are numbers of signals, so it is none.
GO = b"\0"

#: Digits before a document, which say how long it is.
DIGITS = 8

#: How long one side waits for the other's word, in seconds: each answers at once.
PATIENCE = 5.0

#: How many open files a command may bring.
MAX_FILES = 64

_ENGINE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def folder() -> str:
    """Where the host of this engine listens and keeps its lock.

    Raises:
        NoPlaceError: there is no folder that only this user can enter.
    """
    found = os.stat(_ENGINE)
    return private_folder(f"commands-{found.st_dev:x}-{found.st_ino:x}")


def connect() -> socket.socket | None:
    """A connection to the host, if there is one and it is this user's.

    Raises:
        NoPlaceError: as above.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(os.path.join(folder(), "socket"))
        if user_of(connection) == os.geteuid():
            return connection
    except OSError:
        pass
    connection.close()
    return None


def user_of(connection: socket.socket) -> int:
    """The user at the other end, by the kernel's word."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], sys.byteorder)


def document(text: str) -> bytes:
    """A document as it is sent."""
    body = text.encode()
    return b"%0*x" % (DIGITS, len(body)) + body
