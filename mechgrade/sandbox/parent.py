"""The outer half: what a warm parent does once, before and at each fork of a learner's process, and after that has ended.

At level ``full`` the parent lives in a pid namespace that it may leave for a moment: the fork in that moment is the first
process of a namespace of its own, and when that ends the kernel kills everything else in it.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from . import filesystem, libc, namespaces, privileges, seccomp
from .errors import SandboxError, step
from .policy import Level, Policy
from .probe import Capabilities, probe
from .procfs import OwnProc

# No name that the learner's code can know, so what is moved up replaces nothing.
_PREFIX = f".{secrets.token_hex(8)}-"
#: After so many seconds no learner's process can still use its directory.
_DAY = 86_400


@dataclass(frozen=True)
class Home:
    """Where the parent has settled."""

    offered: Capabilities
    #: May it make namespaces and change its user by its own power, without the user namespace that an ordinary user enters?
    privileged: bool
    #: A pidfd of itself, or None where there are none.
    pidfd: int | None
    #: Its pid namespace, to come back to; None where level full is not offered.
    pid_namespace: int | None


@dataclass(frozen=True)
class Child:
    """A learner's process, as its parent knows it; and as it finds itself after the fork, where ``pid`` is 0."""

    pid: int
    level: Level
    #: At level process, the directory where it may write. At level full it has one of its own.
    scratch: Path | None


home: Home | None = None
#: In a learner's process, what it is.
myself: Child | None = None


def prepare(policy: Policy) -> None:
    """Do, before any fork, what is the same for every run: probing, resolving paths, compiling the filter."""
    probe()
    if sys.platform == "linux":
        filesystem.prepare(policy)
        if seccomp.is_available():
            seccomp_program(policy)


def seccomp_program(policy: Policy) -> bytes:
    """The filter for this policy."""
    return seccomp.compiled(children=policy.children, shared_memory=bool(policy.devices))


def settle() -> None:
    """Make this process one that can fork learners' processes. To be called once, early, with one thread.

    Where level full is offered, it goes on as the first process of a pid namespace, while the process that it was stays behind
    and ends with it, with its exit status; an ordinary user's enters a user namespace too. Either ends when the other is killed.
    """
    global home
    if home is not None:
        raise SandboxError("settle twice", None)
    offered = probe()
    if sys.platform != "linux":
        home = Home(offered, privileged=False, pidfd=None, pid_namespace=None)
        return
    privileged = privileges.is_privileged()
    pid_namespace = None
    if offered.level == "full":
        with step("unshare namespaces"):
            _become_first(privileged=privileged)
            pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    with step("protect the parent"):
        privileges.adopt_orphans()
        privileges.set_dumpable(False)
    home = Home(offered, privileged, os.pidfd_open(os.getpid()) if offered.pidfd else None, pid_namespace)
    for scratch in _forsaken():
        with suppress(OSError):  # another parent removes it, too
            _remove(scratch)


def _forsaken() -> list[Path]:
    """The directories of learners' processes whose parent was killed, so that nobody removed them."""
    now = time.time()
    found = []
    for path in Path(tempfile.gettempdir()).glob("mechgrade-*-*"):
        with suppress(OSError):
            about = path.lstat()
            ours = re.fullmatch(r"mechgrade-\d+-\w{8}", path.name) and about.st_uid == os.geteuid()
            if ours and stat.S_ISDIR(about.st_mode) and now - about.st_mtime > _DAY:
                found.append(path)
    return found


def _become_first(*, privileged: bool) -> None:
    user, group = os.geteuid(), os.getegid()
    libc.unshare(libc.CLONE_NEWPID | (0 if privileged else libc.CLONE_NEWUSER))
    if not privileged:
        with OwnProc() as own:
            namespaces.map_user(own, user, group, user, group)
    behind = os.pidfd_open(os.getpid())
    if (first := os.fork()) > 0:
        _stay_behind(first)
    privileges.die_with(behind)
    os.close(behind)


def _stay_behind(first: int) -> NoReturn:
    """Hold nothing open, end with the process that went on, and say what it said."""
    code = 1
    try:
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
    finally:
        os._exit(code if code >= 0 else 128 - code)


def fork(level: Level) -> Child:
    """Fork a learner's process. The caller must have settled and have one thread; the fork keeps its open descriptors.

    Returns:
        in the parent, the child; in the child, itself, with ``pid`` 0.

    Raises:
        SandboxError: this machine does not offer the level, or the fork failed.
    """
    global myself
    if home is None or myself is not None:
        raise SandboxError("fork from a process that has not settled", None)
    scratch = None
    if level == "process":
        with step("make a temporary directory"):
            scratch = Path(tempfile.mkdtemp(prefix=f"mechgrade-{_number()}-"))
    elif home.pid_namespace is None:
        raise SandboxError("offer isolation level full here", None, " ".join(home.offered.missing))
    pid = -1
    with step("fork"):
        if level == "full":
            libc.unshare(libc.CLONE_NEWPID)
        try:
            pid = os.fork()
        finally:
            if pid != 0 and level == "full":
                assert home.pid_namespace is not None
                libc.setns(home.pid_namespace, libc.CLONE_NEWPID)
    child = Child(pid, level, scratch)
    if pid == 0:
        myself = child
    return child


def _number() -> str:
    """The number of this process in /proc: it says who made a directory, and may be another in its own namespace."""
    return os.readlink("/proc/self") if sys.platform == "linux" else str(os.getpid())  # noqa: PTH115  no path


def clean_up(child: Child, living: Collection[int] = ()) -> int | None:
    """End and remove what a learner's process left behind. To be called by the parent, after it has waited for that process.

    At level ``full`` the kernel has done it all: the pid namespace ended with its first process, and the mounts with it. At level
    ``process`` orphans were adopted by the parent, so they are its children now.

    Args:
        child: the process that has ended.
        living: the parent's other children, which stay.

    Returns:
        the pid of a process that removes the files that were left, where there are any, for the parent to wait for.
    """
    if child.level == "full":
        return None
    if sys.platform == "linux":
        _end_children(living)
    assert child.scratch is not None
    with suppress(OSError):
        child.scratch.rmdir()
        return None
    # It takes as long as what was left is large, and the parent has others to look after.
    cleaner = os.fork()
    if cleaner == 0:
        try:
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            _remove(child.scratch)
        finally:
            os._exit(0)
    return cleaner


def _remove(root: Path) -> None:
    """Remove a directory that may be deeper than recursion, open files and the longest path allow.

    What is inside a directory is moved up to the root before the directory goes, so nothing is ever looked at deeper than that.
    """
    moved = 0
    while entries := _opened(root):
        for entry in entries:
            path = root / entry.name
            if not entry.is_dir(follow_symlinks=False):
                path.unlink(missing_ok=True)
                continue
            for child in _opened(path):
                if not child.is_dir(follow_symlinks=False):
                    Path(child.path).unlink(missing_ok=True)
                    continue
                moved += 1
                Path(child.path).chmod(0o700)  # moving a directory is writing to it
                Path(child.path).rename(root / f"{_PREFIX}{moved}")
            path.rmdir()
    root.rmdir()


def _opened(directory: Path) -> list[os.DirEntry[str]]:
    """What is in a directory, whose permissions the learner may have taken away."""
    directory.chmod(0o700)
    with os.scandir(directory) as entries:
        return list(entries)


def _end_children(living: Collection[int]) -> None:
    while orphans := _children() - set(living):
        for orphan in orphans:
            with suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(orphan, 0)


def _children() -> set[int]:
    """The children of this process, by their numbers in its own pid namespace: /proc may be that of another, proc_pid_status(5)."""
    me = _number()
    found = set()
    with suppress(FileNotFoundError):  # a kernel that does not list them
        own = _numbers(me)
        for other in Path(f"/proc/{me}/task/{me}/children").read_text().split():
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended, and its parent has waited for it
                found.add(_numbers(other)[len(own) - 1])
    return found


def _numbers(pid: str) -> list[int]:
    """A process's number in each pid namespace that it is in, the outermost first."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next([int(word) for word in line.split()[1:]] for line in lines if line.startswith("NSpid:"))
