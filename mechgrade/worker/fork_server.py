"""The fork server: libraries and models loaded once, a fork for every exercise.

It never reads a learner's code. For each job it is handed one end of a connection and the name of a bench; it makes sure
that the bench is loaded and forks, and the fork (see ``learner``) reads the job from the connection. Then it waits for the end
of the learner's process, kills it on request and reports how it ended: exit status, memory and processor time are the
kernel's word, not the learner's. It ends when the grader's side closes the control socket and the last connection.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from mechgrade import sandbox
from mechgrade.bench.provider import Bench, BenchError
from mechgrade.bench.providers import provider_of
from mechgrade.protocol import wire
from mechgrade.protocol.job import BenchSpec, spec_of
from mechgrade.worker import pages

#: After how many processes memory is gathered: that takes half a second, and saves a hundredth at each fork and end.
MANY = 16

#: What most exercises need and no bench imports: graders' files pytest, and what draws the engine's own pictures.
USED = ("pytest", "mechgrade.bench.plots")

#: The longest request on the control socket, in bytes.
MAX_REQUEST = 65536


def serve(control_fd: int) -> None:
    """Serve jobs from the control socket until it closes.

    A request is one packet with a connection's descriptor beside it. ``{"bench": BenchSpec as a tree, "level":
    of the sandbox}`` asks for a process; without a descriptor it asks to load the bench ahead. The connection then brings what ``learner`` says of it, and takes
    ``{"ready": True}`` or ``{"failed": why, "model": whether it is the model's}``, and at the end ``{"status", "max_rss_kb", "cpu_seconds"}``. Once it is ready, a byte from
    the grader, or its end of file, kills the learner's process.
    """
    # Ctrl-C in the learner's terminal is the grader's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sandbox.settle()
    ForkServer(socket.socket(fileno=control_fd)).serve()


@dataclass
class Running:
    """A learner's process that has not ended; or one that removes what it left, which has no connection."""

    child: sandbox.Child
    pidfd: int
    connection: socket.socket | None = None
    #: The pipe on which it says that it is shut in, until it has.
    sealed: int | None = None
    said: bytes = b""


class ForkServer:
    """What is loaded, who lives, and one loop over both."""

    def __init__(self, control: socket.socket) -> None:
        self._control: socket.socket | None = control
        self._benches: dict[BenchSpec, Bench] = {}
        #: why a bench could not be loaded ahead; said to who asks for it next
        self._failed: dict[BenchSpec, Exception] = {}
        self._running: list[Running] = []
        #: how many processes have ended since something was loaded
        self._ended = 0
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Until the control socket has closed and nobody lives."""
        while self._control is not None or self._running:
            ready = {descriptor for descriptor, _ in self._poll.poll()}
            # A copy: whoever is found to have ended leaves the list, and what comes to life now has not been waited for.
            for running in self._running[:]:
                if running.sealed in ready:
                    self._listen(running)
                elif running.connection is not None and running.connection.fileno() in ready:
                    # Either the word to kill, or the grader is gone.
                    self._poll.unregister(running.connection)
                    os.kill(running.child.pid, signal.SIGKILL)
                if running.pidfd in ready and running.sealed is None:
                    self._reap(running)
            if self._control is not None and self._control.fileno() in ready:
                self._take(self._control)

    def _take(self, control: socket.socket) -> None:
        """A request."""
        message, descriptors = b"", list[int]()
        with contextlib.suppress(ConnectionError):
            message, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 1)
        if not message:
            self._poll.unregister(control)
            control.close()
            self._control = None
            return
        request = wire.decode(message)
        assert isinstance(request, dict)
        spec = spec_of(request["bench"])
        if not descriptors:
            try:
                self._load(spec)
            except Exception as error:
                self._failed[spec] = error
            return
        connection = socket.socket(fileno=descriptors[0])
        try:
            if spec in self._failed:
                raise self._failed.pop(spec)
            self._load(spec)
            self._open(connection, spec, "full" if request["level"] == "full" else "process")
        except Exception as error:
            with contextlib.suppress(OSError):  # the grader's side gave up waiting; nothing is left to tell it
                wire.send(connection, _failure(error))
            connection.close()

    def _load(self, spec: BenchSpec) -> None:
        """Load a bench, unless it is there."""
        if spec not in self._benches:
            self._benches[spec] = _load(spec)
            # What lives now is shared by all forks: the collector must not touch (and so copy) its pages.
            gc.collect()
            gc.freeze()
            self._ended = 0

    def _open(self, connection: socket.socket, spec: BenchSpec, level: sandbox.Level) -> None:
        """A process for a learner."""
        from mechgrade.worker import learner

        reader, writer = os.pipe()
        try:
            child = sandbox.fork(level)
            if child.pid == 0:
                learner.live(connection, writer, self._benches[spec], spec.device)
        except sandbox.SandboxError:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        self._watch(Running(child, os.pidfd_open(child.pid), connection, reader))

    def _watch(self, running: Running) -> None:
        self._running.append(running)
        self._poll.register(running.pidfd, select.POLLIN)
        if running.sealed is not None:
            self._poll.register(running.sealed, select.POLLIN)

    def _listen(self, running: Running) -> None:
        """Hear, to its end, what a process says about being shut in, and pass it on. None of the learner's code has run."""
        assert running.sealed is not None and running.connection is not None
        part = os.read(running.sealed, 65536)
        running.said += part
        if part:
            return
        self._poll.unregister(running.sealed)
        os.close(running.sealed)
        running.sealed = None
        # From here on the connection is read here; until now the fork read the job from it.
        self._poll.register(running.connection, select.POLLIN)
        said = (
            wire.decode(running.said)
            if running.said
            else {"failed": "the learner's process ended while it was being shut in"}
        )
        with contextlib.suppress(OSError):  # the grader may be gone; its end of file comes next
            wire.send(running.connection, said)

    def _reap(self, running: Running) -> None:
        """Report how a process ended, and tidy up after it."""
        _, status, usage = os.wait4(running.child.pid, 0)
        self._poll.unregister(running.pidfd)
        os.close(running.pidfd)
        self._running.remove(running)
        if running.connection is None:
            return
        with contextlib.suppress(KeyError):  # it was asked to be killed, and is not listened to any more
            self._poll.unregister(running.connection)
        report: wire.Tree = {
            "status": status,
            "max_rss_kb": usage.ru_maxrss,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
        }
        with contextlib.suppress(OSError):  # the grader may be gone; nobody is left to tell
            wire.send(running.connection, report)
        running.connection.close()
        self._ended += 1
        if self._ended == MANY:
            pages.gather()
        if running.child.level == "process":
            cleaner = sandbox.clean_up(running.child, [other.child.pid for other in self._running])
            if cleaner is not None:
                self._watch(Running(sandbox.Child(cleaner, "process", None), os.pidfd_open(cleaner)))


def _load(spec: BenchSpec) -> Bench:
    from mechgrade.protocol.job import Job
    from mechgrade.worker import intact, learner

    provider = provider_of(spec.provider, map(Path, spec.modules))
    provider.prepare()
    for name in (*USED, *spec.preload):
        importlib.import_module(name)
    # On the processor, whatever was asked for: CUDA does not survive a fork. Each fork carries its own copy over.
    bench = provider.make(spec.on(device="cpu"))
    bench.load()
    # What libraries work out at the first use, they work out here, so that no fork pays for it; likewise the sandbox's preparations.
    bench.warm_up()
    bench.is_dirty()  # from here on it knows what was changed
    for level in ("full", "process"):
        with contextlib.suppress(
            sandbox.SandboxError
        ):  # a level that this machine lacks is refused when it is asked for
            sandbox.prepare(learner.policy_of(Job("", "", "", level), spec.device))
    intact.prepare(bench)
    return bench


def _failure(error: Exception) -> dict[str | int, wire.Tree]:
    if isinstance(error, BenchError):
        return {"failed": str(error), "bench": True}
    return {"failed": f"{type(error).__name__}: {error}"}
