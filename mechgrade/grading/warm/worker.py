"""A worker that outlives the command: borrowed from the checkout's server where there is one, left to a new one where not.

Nothing depends on it. Whatever goes wrong here (no private directory, a server that died, a worker that does not answer)
ends in a fresh worker of the command's own, and in a sentence in :attr:`WarmWorker.note`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from mechgrade.course import Course
from mechgrade.grading.errors import WorkerGone
from mechgrade.grading.place import NoPlaceError, directory
from mechgrade.grading.warm.fingerprint import fingerprint
from mechgrade.grading.warm.server import MAX_MESSAGE, PATIENCE, ServerSettings, peer
from mechgrade.grading.worker import Process, Worker
from mechgrade.protocol.job import BenchSpec, Job

#: How many seconds a server waits for the next command, unless the environment's MECHGRADE_IDLE says otherwise.
IDLE = 600.0


class WarmWorker(Worker):
    """A :class:`Worker` that is borrowed if it can be.

    Args:
        course: the checkout's.
        start_seconds: how long importing the libraries and loading a model may take.
        level: the isolation level that the machine offers.
    """

    def __init__(self, course: Course, start_seconds: float = 120.0, level: str = "process") -> None:
        super().__init__(start_seconds)
        self._course = course
        self._root = course.root
        self._level = level
        self._fingerprint = ""
        #: the connection that tells the server that its worker is in use
        self._loan: socket.socket | None = None
        self._shared = False
        #: a sentence for the user, where the warm worker was not what it should have been
        self.note: str | None = None

    @property
    def borrowed(self) -> bool:
        """Whether the worker is a server's."""
        return self._loan is not None

    def _begin(self) -> None:
        """Borrow the worker, or start one of one's own."""
        if self._loan is None and (self._process is None or self._process.poll() is not None):
            # Before the worker reads any of it: a change in between makes it out of date, and not the other way round.
            self._fingerprint = fingerprint(self._course, self._level)
            self._borrow()
        if self._loan is None:
            super()._begin()

    def open(self, spec: BenchSpec, job: Job) -> Process:
        """A fresh process for one learner's file. See :meth:`Worker.open`."""
        self.start()
        try:
            process = super().open(spec, job)
        except WorkerGone:
            if self._loan is None:
                raise
            self.note = "the warm worker had ended; a fresh one was started"
            self.close()
            ask(self._root, {"ask": "stop"})
            process = super().open(spec, job)
        self._share()
        return process

    def close(self) -> None:
        """Give the worker back, or end it where no server has taken it."""
        super().close()
        if self._loan is not None:
            self._loan.close()
            self._loan = None

    def _borrow(self) -> None:
        loan = _connect(self._root)
        if loan is None:
            return
        try:
            loan.send(json.dumps({"ask": "lend", "fingerprint": self._fingerprint}).encode())
            answer, descriptors, _, _ = socket.recv_fds(loan, MAX_MESSAGE, 2)
        except OSError:
            answer, descriptors = b"", []
        if len(descriptors) != 2:
            for descriptor in descriptors:
                os.close(descriptor)
            loan.close()
            if answer:
                self.note = "the engine, the model or the environment has changed; a fresh worker was started"
            return
        self._loan = loan
        self._control = socket.socket(fileno=descriptors[0])
        self._log = os.fdopen(descriptors[1], "rb")

    def _share(self) -> None:
        """Leave the worker, once it has shown that it works, to a server of its own."""
        if self._loan is not None or self._shared or self._process is None or self._control is None:
            return
        self._shared = True
        with contextlib.suppress(NoPlaceError, OSError):  # then there is no server, and the next command starts afresh
            place = directory(self._root)
            with (place / "lock").open("w") as lock:
                # Another shell is doing the same right now: its worker is as good.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if ask(self._root, {"ask": "status"}) is None:
                    self._hand_over(place / "socket")

    def _hand_over(self, address: Path) -> None:
        assert self._process is not None and self._control is not None and self._log is not None
        address.unlink(missing_ok=True)  # of a server that was killed
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(address))
            listener.listen()
            loan = _connect(self._root)
            descriptors = (listener.fileno(), self._control.fileno(), self._log.fileno())
            settings = ServerSettings(
                str(self._root), str(address), self._fingerprint, _idle(), self._process.pid, *descriptors
            )
            server = subprocess.Popen(
                [sys.executable, "-I", "-m", "mechgrade.grading.warm.server", settings.as_argument()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8"},
                pass_fds=descriptors,
                cwd="/",
                start_new_session=True,
            )
        if loan is not None:
            # Not waited for: whether it is answered decides nothing, the worker is in this command's hands until it closes.
            loan.send(json.dumps({"ask": "lend", "fingerprint": self._fingerprint}).encode())
            self._loan = loan
        # Both outlive this command; nobody here is to wait for them, or to complain that they still run.
        server.returncode = self._process.returncode = 0
        self._process = None


def ask(root: Path, question: dict[str, str]) -> dict[str, Any] | None:
    """The answer of a checkout's server; None where there is none, or it does not answer."""
    connection = _connect(root)
    if connection is None:
        return None
    with connection:
        try:
            connection.send(json.dumps(question).encode())
            answer = json.loads(connection.recv(MAX_MESSAGE))
        except (OSError, ValueError):
            return None
    return answer if isinstance(answer, dict) else None


def _connect(root: Path) -> socket.socket | None:
    """A connection to the checkout's server, if there is one and it is this user's."""
    try:
        address = directory(root) / "socket"
    except NoPlaceError:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(str(address))
    except OSError:
        connection.close()
        return None
    if peer(connection) not in (os.geteuid(), None):
        connection.close()
        return None
    return connection


def _idle() -> float:
    try:
        return max(1.0, float(os.environ["MECHGRADE_IDLE"]))
    except (KeyError, ValueError):
        return IDLE
