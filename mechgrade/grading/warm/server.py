"""``python -I -m mechgrade.grading.warm.server``: keeps a worker warm between one command and the next.

It grades nothing and reads no learner's code: it holds the worker's control socket, and lends it to the same user's next
command (see ``warm``), which then works with it as with a worker of its own. It ends when nobody has asked for a while, when
the worker ends, when a command finds the worker out of date, and when its checkout is gone.

Standard library only, so that what waits in the background is small.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: The longest question, and the longest answer, in bytes.
MAX_MESSAGE = 4096

#: How often it looks whether its checkout and its socket are still there, in seconds.
LOOK_AROUND = 30.0

#: How long a client may take to ask its question, in seconds: they ask at once.
PATIENCE = 5.0


@dataclass(frozen=True)
class ServerSettings:
    """What a server is started with.

    Attributes:
        root: the checkout.
        address: the path of its listening socket.
        fingerprint: what the worker holds; see ``runtime``.
        idle: seconds without a client after which it ends.
        worker: the worker's process number.
        listener: the descriptor of the listening socket.
        control: that of the worker's control socket.
        log: that of the worker's log.
    """

    root: str
    address: str
    fingerprint: str
    idle: float
    worker: int
    listener: int
    control: int
    log: int

    def as_argument(self) -> str:
        """As the server's one argument."""
        return json.dumps(asdict(self))


def peer(connection: socket.socket) -> int | None:
    """The user at the other end of a Unix socket, by the kernel's word; None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    _, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    return int(user)


class Server:
    """Lends one worker until nobody wants it any more."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._listener = socket.socket(fileno=settings.listener)
        self._listener.setblocking(False)
        self._control = socket.socket(fileno=settings.control)
        self._clients: dict[int, socket.socket] = {}
        self._started = self._last = time.monotonic()
        self._inode = Path(settings.address).stat().st_ino
        self._worker = os.pidfd_open(settings.worker) if hasattr(os, "pidfd_open") else None

    def run(self) -> None:
        """Serve to the end."""
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._control, 0)  # for its end alone: the worker never writes there
        looked = time.monotonic()
        while True:
            until = (
                LOOK_AROUND if self._clients else min(LOOK_AROUND, self._last + self._settings.idle - time.monotonic())
            )
            for descriptor, _ in poll.poll(max(0.0, until) * 1000):
                if descriptor == self._listener.fileno():
                    client = self._accept()
                    if client is not None:
                        poll.register(client, select.POLLIN)
                elif descriptor == self._control.fileno():
                    return
                else:
                    # A client says one thing, at the beginning; what comes now is its end.
                    poll.unregister(descriptor)
                    self._clients.pop(descriptor).close()
                    self._last = time.monotonic()
            now = time.monotonic()
            if not self._clients and now - self._last >= self._settings.idle:
                return
            if now - looked >= LOOK_AROUND:
                looked = now
                if not self._is_wanted():
                    return

    def _is_wanted(self) -> bool:
        try:
            return Path(self._settings.root).is_dir() and Path(self._settings.address).stat().st_ino == self._inode
        except OSError:
            return False

    def _accept(self) -> socket.socket | None:
        """Take one client's question and answer it; returns the connection while the client works with the worker."""
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return None
        keep = False
        try:
            connection.settimeout(PATIENCE)
            if peer(connection) in (os.geteuid(), None):
                keep = self._answer(connection, json.loads(connection.recv(MAX_MESSAGE)))
        except (OSError, ValueError, KeyError, TypeError):
            pass  # a client that talks nonsense, or is gone, gets no answer
        finally:
            if not keep:
                connection.close()
        if keep:
            self._clients[connection.fileno()] = connection
            return connection
        return None

    def _answer(self, connection: socket.socket, question: dict[str, Any]) -> bool:
        if question["ask"] == "status":
            status: dict[str, float] = {
                "worker": self._settings.worker,
                "server": os.getpid(),
                "clients": len(self._clients),
            }
            status |= {"seconds": time.monotonic() - self._started, "idle": self._settings.idle}
            connection.send(json.dumps(status).encode())
            return False
        if question["ask"] == "lend" and question["fingerprint"] == self._settings.fingerprint:
            answer = json.dumps({"worker": self._settings.worker}).encode()
            socket.send_fds(connection, [answer], [self._control.fileno(), self._settings.log])
            return True
        # Asked to stop, or to lend what is not there any more: whoever comes next finds no socket, and starts anew.
        self._unlink()
        connection.send(json.dumps({"stopped": True}).encode())
        raise SystemExit

    def _unlink(self) -> None:
        with contextlib.suppress(OSError):
            if Path(self._settings.address).stat().st_ino == self._inode:
                Path(self._settings.address).unlink()

    def close(self) -> None:
        """Take the socket away and let go of the worker, which ends when its last client has let go too."""
        self._unlink()
        in_use = bool(self._clients)
        self._listener.close()
        self._control.close()
        for client in self._clients.values():
            client.close()
        if self._worker is not None and not in_use and not select.select([self._worker], [], [], 2)[0]:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._worker, signal.SIGKILL)


def main(argument: str) -> None:
    """Serve as the argument says."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal in which it was started may be closed
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server(ServerSettings(**json.loads(argument)))
    try:
        server.run()
    finally:
        server.close()


if __name__ == "__main__":
    main(sys.argv[1])
