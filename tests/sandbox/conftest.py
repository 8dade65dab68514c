"""A small machine around the sandbox: make a parent, let it settle and fork a learner's process, seal that, run a function in it."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mechgrade import sandbox
from mechgrade.sandbox import libc

ORDINARY_USER = 65534
IS_ROOT = os.geteuid() == 0
LEVELS = ("full", "process")
USERS = ("root", "user")


@dataclass(frozen=True)
class Outcome:
    """What the parent saw: it lives to tell in every test."""

    value: Any = None
    #: The class of what the function raised, and its words.
    raised: str | None = None
    message: str = ""
    #: The signal that ended the learner's process, or None if it ended by itself.
    signal: str | None = None
    cpu: float = 0.0
    #: Milliseconds from before the fork to having cleaned up.
    elapsed: float = 0.0
    output: str = ""
    #: Milliseconds, by step.
    durations: dict[str, float] = field(default_factory=dict)
    #: Why the parent could not do its part.
    failed: str | None = None


@dataclass(frozen=True)
class Box:
    """Runs functions under one level and as one user."""

    level: sandbox.Level
    user: str

    def policy(self, **limits: Any) -> sandbox.Policy:
        package = Path(sandbox.__file__).parents[2]
        limits.setdefault("readable", (*sandbox.interpreter_paths(), package))
        limits.setdefault("memory_mb", 512)
        limits.setdefault("cpu_seconds", 20)
        limits.setdefault("level", self.level)
        return sandbox.Policy(**limits)

    def run(
        self,
        body: Callable[[], Any],
        *,
        kill_after: float | None = None,
        before: Callable[[], object] = lambda: None,
        **limits: Any,
    ) -> Outcome:
        """Run ``body`` sealed, with the policy's ``limits``; the parent kills it ``kill_after`` seconds."""
        # In Python both are the same interpreter's: what was imported here is there, as in a warm worker.
        reader, writer = os.pipe()
        parent = os.fork()
        if parent == 0:
            try:
                os.close(reader)
                outcome = self._watch(body, before, kill_after, limits)
            except BaseException as error:
                outcome = Outcome(failed=f"{type(error).__name__}: {error}")
            with os.fdopen(writer, "w") as pipe:
                json.dump(outcome.__dict__, pipe)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            assert select.select([pipe], [], [], 60)[0], "the parent hangs"
            text = pipe.read()
        _, status = os.waitpid(parent, 0)
        assert status == 0 and text, f"the parent died: {status}"
        return Outcome(**json.loads(text))

    def value(self, body: Callable[[], Any], **limits: Any) -> Any:
        """What ``body`` returns, with nothing gone wrong."""
        outcome = self.run(body, **limits)
        assert (outcome.failed, outcome.raised, outcome.signal) == (None, None, None), outcome
        return outcome.value

    def _watch(
        self, body: Callable[[], Any], before: Callable[[], object], kill_after: float | None, limits: dict[str, Any]
    ) -> Outcome:
        if self.user == "user" and IS_ROOT:
            become_ordinary()
            sandbox.probe.cache_clear()
        before()
        sandbox.settle()
        ours, theirs = socket.socketpair()
        output_reader, output_writer = os.pipe()
        policy = self.policy(**{**limits, "keep_fds": (*limits.get("keep_fds", ()), theirs.fileno())})
        sandbox.prepare(policy)
        sandbox.durations.clear()
        started = time.perf_counter()
        learner = sandbox.fork(policy.level)
        if learner.pid == 0:
            _learn(policy, body, theirs, output_writer)
        theirs.close()
        os.close(output_writer)
        reply = _reply(ours, learner.pid, kill_after)
        _, status, usage = os.wait4(learner.pid, 0)
        if (cleaner := sandbox.clean_up(learner)) is not None:
            os.waitpid(cleaner, 0)
        elapsed = (time.perf_counter() - started) * 1e3
        with os.fdopen(output_reader, "rb") as pipe:
            output = pipe.read().decode(errors="replace")
        ended = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else None
        return Outcome(**reply, signal=ended, cpu=usage.ru_utime + usage.ru_stime, elapsed=elapsed, output=output)


def _learn(policy: sandbox.Policy, body: Callable[[], Any], theirs: socket.socket, output: int) -> None:
    try:
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        try:
            sandbox.seal(policy)
            reply: dict[str, Any] = {"value": body()}
        except BaseException as error:
            reply = {"raised": type(error).__name__, "message": str(error)[:500]}
        theirs.sendall(json.dumps({**reply, "durations": sandbox.durations}).encode() + b"\n")
    finally:
        os._exit(0)


def _reply(ours: socket.socket, learner: int, kill_after: float | None) -> dict[str, Any]:
    """One line, or none if the learner's process ends before it. A daemon may hold the socket open: its end tells nothing."""
    deadline = time.monotonic() + (45 if kill_after is None else kill_after)
    ended = os.pidfd_open(learner)
    line = b""
    while not line.endswith(b"\n"):
        ready = select.select([ours, ended], [], [], max(0.0, deadline - time.monotonic()))[0]
        if ours in ready and (chunk := ours.recv(1 << 16)):
            line += chunk
        elif ready:
            return {}
        else:
            os.kill(learner, signal.SIGKILL)
            return {}
    return json.loads(line)


def names_in(directory: str | Path) -> list[str]:
    return sorted(entry.name for entry in Path(directory).iterdir())


def become_ordinary(user: int = ORDINARY_USER) -> None:
    """From root to an ordinary user who can reach this interpreter, wherever it is.

    Root's home is often closed to others, and an interpreter in it too. A mount namespace puts it in reach, with a fresh
    directory in the place of the closed one; nothing is changed on the machine.
    """
    libc.unshare(libc.CLONE_NEWNS)
    libc.mount("none", "/", flags=libc.MS_REC | libc.MS_PRIVATE)
    for path in sandbox.interpreter_paths():
        real = path.resolve()
        closed = next((p for p in reversed(real.parents) if not p.stat().st_mode & 0o001), None)
        if closed is None:
            continue
        held = os.open(real, os.O_PATH)
        libc.mount("tmpfs", str(closed), "tmpfs", 0, "size=64k,mode=755")
        real.mkdir(parents=True)
        libc.mount(f"/proc/self/fd/{held}", str(real), flags=libc.MS_BIND | libc.MS_REC)
        os.close(held)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    # A login would have made it so: a change of user takes a process's own files in /proc away from it.
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)


def _box(level: sandbox.Level, user: str) -> Box:
    if user == "root" and not IS_ROOT:
        pytest.skip("only root can try what root's sandbox does")
    if level == "full" and sandbox.probe().level != "full":
        pytest.skip("this machine has no level full: " + " ".join(sandbox.probe().missing))
    return Box(level, user)


@pytest.fixture(params=[(level, user) for level in LEVELS for user in USERS], ids="-".join)
def box(request: pytest.FixtureRequest) -> Box:
    """Each level, as root and as an ordinary user."""
    return _box(*request.param)


@pytest.fixture(params=USERS)
def full(request: pytest.FixtureRequest) -> Box:
    """Level full, as root and as an ordinary user."""
    return _box("full", request.param)


@pytest.fixture(params=USERS)
def process(request: pytest.FixtureRequest) -> Box:
    """Level process, as root and as an ordinary user."""
    return _box("process", request.param)


@pytest.fixture
def ground() -> Iterator[Path]:
    """A directory that every user may read and write, outside /tmp: only the sandbox can close it."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        path = Path(name)
        path.chmod(0o777)
        yield path


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    """What a warm worker has done before it forks."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    for level in LEVELS:
        if level == "process" or sandbox.probe().level == "full":
            sandbox.prepare(Box(level, "root").policy())
