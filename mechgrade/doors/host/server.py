"""The host: it has imported what commands import, waits for a command, and forks it.

One thread and one loop over all that may happen. A fork leaves the loop, and the program goes on in it as the command. It holds
no learner's code, nothing of a course and no environment but what an interpreter needs to start. It ends when nobody has asked for
a while, when what it has imported has changed, and when its socket is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mechgrade.doors.host.child import Brought
from mechgrade.doors.host.imported import Imported
from mechgrade.doors.host.talk import DIGITS, GO, MAX_FILES, user_of

#: How often it looks whether its socket is still there, in seconds.
LOOK_AROUND = 30.0

#: The longest document that is taken, in bytes: Linux allows an environment of megabytes.
MAX_DOCUMENT = 16 * 2**20

#: What a command's terminal may send to its fork.
SIGNALS = {signal.SIGINT, signal.SIGSTOP, signal.SIGCONT}


@dataclass
class Client:
    """Someone who has connected: what has been said, what was brought, and the fork."""

    connection: socket.socket
    said: bytes = b""
    files: list[int] = field(default_factory=list)
    request: dict[str, Any] | None = None
    pid: int = 0
    pidfd: int = -1

    def say(self, words: str) -> None:
        """A line to the client, who may be gone."""
        with contextlib.suppress(OSError):
            self.connection.sendall(f"{words}\n".encode())

    def signal(self, number: int) -> None:
        """A signal to the fork and all that it has forked."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def close(self) -> None:
        """Let go of all that it brought."""
        self.connection.close()
        for descriptor in [*self.files, *([self.pidfd] if self.pid else [])]:
            os.close(descriptor)
        self.files = []


class Host:
    """Waits for commands.

    Args:
        imported: what is ready for them.
        circumstances: those of this process.
        address: the path of the socket to listen on. What is there is replaced.
        lock: a descriptor, closed when another host may take the place of this one.
        idle: seconds without a command after which it ends.
    """

    def __init__(self, imported: Imported, circumstances: dict[str, object], address: str, lock: int, idle: float):
        self._imported = imported
        self._circumstances = json.loads(json.dumps(circumstances))
        self._address = Path(address)
        self._lock = lock
        self._idle = idle
        self._clients: dict[int, Client] = {}
        self._started = self._last = time.monotonic()
        self._begun = 0
        self._poll = select.poll()
        #: until it stops
        self._listener: socket.socket | None = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        fresh = self._address.with_name("socket.new")
        fresh.unlink(missing_ok=True)
        self._listener.bind(str(fresh))
        self._listener.listen(64)
        fresh.replace(self._address)
        self._inode = self._address.stat().st_ino
        self._poll.register(self._listener, select.POLLIN)

    def run(self) -> Brought | None:
        """Serve to the end; in a fork, what the command brought."""
        looked = time.monotonic()
        while self._listener is not None or self._clients:
            for descriptor, _ in self._poll.poll(self._patience() * 1000):
                if self._listener is not None and descriptor == self._listener.fileno():
                    self._accept()
                elif client := self._clients.get(descriptor):
                    if descriptor == client.pidfd:
                        self._reap(client)
                    elif (brought := self._listen(client)) is not None:
                        return brought
            now = time.monotonic()
            if not self._clients and now - self._last >= self._idle:
                self._stop()
            if now - looked >= LOOK_AROUND:
                looked = now
                if not self._is_found() or not self._imported.is_current():
                    self._stop()
        return None

    def _patience(self) -> float:
        left = LOOK_AROUND if self._clients else self._last + self._idle - time.monotonic()
        return max(0.0, min(LOOK_AROUND, left))

    def _is_found(self) -> bool:
        with contextlib.suppress(OSError):
            return self._address.stat().st_ino == self._inode
        return False

    def _stop(self) -> None:
        """Take no more commands, and let another host take the place. Those that run go on to their end."""
        if self._listener is None:
            return
        if self._is_found():
            self._address.unlink()
        self._poll.unregister(self._listener)
        self._listener.close()
        self._listener = None
        os.close(self._lock)
        # Who was told that it may begin does begin.
        for client in [client for client in self._clients.values() if client.request is None]:
            self._drop(client)

    # --- clients -----------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        assert self._listener is not None
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            if user_of(connection) != os.geteuid():
                connection.close()
                return
            connection.setblocking(False)
            self._clients[connection.fileno()] = Client(connection)
            self._poll.register(connection, select.POLLIN)

    def _drop(self, client: Client) -> None:
        if client.connection.fileno() in self._clients:
            del self._clients[client.connection.fileno()]
            self._poll.unregister(client.connection)
        if client.pid:
            del self._clients[client.pidfd]
            self._poll.unregister(client.pidfd)
        client.close()
        self._last = time.monotonic()

    def _listen(self, client: Client) -> Brought | None:
        """Hear a part of what a client says."""
        try:
            part, files, _, _ = socket.recv_fds(client.connection, 65536, MAX_FILES)
        except BlockingIOError:
            return None
        except OSError:
            part, files = b"", []
        client.files += files
        if client.pid:
            self._pass_on(client, part)
        elif not part:
            self._drop(client)
        elif client.request is None:
            client.said += part
            self._answer(client)
        elif part[:1] == GO:
            return self._fork(client, part[1:])
        else:
            self._drop(client)
        return None

    def _pass_on(self, client: Client, part: bytes) -> None:
        for number in part:
            if number in SIGNALS:
                client.signal(number)
        if not part:  # it has ended, and by no signal of its own could the fork tell
            del self._clients[client.connection.fileno()]
            self._poll.unregister(client.connection)
            client.signal(signal.SIGKILL)

    def _answer(self, client: Client) -> None:
        """Answer a client's question, once it is there as a whole."""
        try:
            length = int(client.said[:DIGITS], 16) if len(client.said) >= DIGITS else MAX_DOCUMENT
            if length > MAX_DOCUMENT:
                raise ValueError
            if len(client.said) - DIGITS < length:
                return
            request = json.loads(client.said[DIGITS:])
            asked = request["ask"]
        except (ValueError, KeyError, TypeError, RecursionError):
            self._drop(client)  # it talks nonsense
            return
        if asked == "status":
            told = {"process": os.getpid(), "seconds": time.monotonic() - self._started, "idle": self._idle}
            running = {each.pid for each in self._clients.values() if each.pid}
            client.say(json.dumps({**told, "commands": self._begun, "running": len(running)}))
            self._drop(client)
        elif asked == "stop":
            client.say("{}")
            self._drop(client)
            self._stop()
        elif not self._imported.is_current():
            client.say("refused: what was imported has changed")
            self._drop(client)
            self._stop()
        elif not self._suits(request):
            client.say("refused: the circumstances are others")
            self._drop(client)
        else:
            client.request = request
            client.say("ready")

    def _suits(self, request: dict[str, Any]) -> bool:
        try:
            return bool(
                request["circumstances"] == self._circumstances and not self._imported.differs(request["environment"])
            )
        except (KeyError, TypeError, AttributeError):
            return False

    def _fork(self, client: Client, rest: bytes) -> Brought | None:
        """Begin a command. In the fork, what it brought."""
        assert client.request is not None
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:  # this user may have no more processes; the client finds out by itself
            client.say("refused: no process could be made")
            self._drop(client)
            return None
        if pid == 0:
            brought = Brought(client.request, client.files, parent)
            client.files = []
            self._forget()
            return brought
        with contextlib.suppress(OSError):  # the fork does it too, and whoever is first makes the group
            os.setpgid(pid, pid)
        for descriptor in client.files:
            os.close(descriptor)
        client.files, client.request, client.said = [], {}, b""
        self._begun += 1
        client.pid, client.pidfd = pid, os.pidfd_open(pid)
        self._clients[client.pidfd] = client
        self._poll.register(client.pidfd, select.POLLIN)
        if rest:
            self._pass_on(client, rest)
        return None

    def _reap(self, client: Client) -> None:
        _, ended = os.waitpid(client.pid, 0)
        client.say(f"ended {ended}")
        self._drop(client)

    def _forget(self) -> None:
        """In a fork: have nothing open of the host and of other commands."""
        for client in {id(client): client for client in self._clients.values()}.values():
            client.close()
        if self._listener is not None:
            self._listener.close()
            os.close(self._lock)
