"""The outer half: what the trusted supervisor does before it forks the learner's process, and after that has ended."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import filesystem, namespaces, privileges, seccomp
from .errors import SandboxError, step
from .policy import Policy
from .probe import probe
from .procfs import OwnProc

# No name that the learner's code can know, so what is moved up replaces nothing.
_PREFIX = f".{secrets.token_hex(8)}-"


@dataclass(frozen=True)
class Outer:
    """What the supervisor leaves for the learner's process to find after the fork."""

    policy: Policy
    #: Where the learner may write: home, working directory and TMPDIR.
    scratch: Path
    #: A pidfd of the supervisor, or None where there are none.
    supervisor: int | None
    #: The user to become, if the supervisor is privileged; None says that it moved into a user namespace itself.
    user: int | None = None
    #: May that user make a user namespace of its own?
    user_namespace: bool = False
    private_proc: bool = False


current: Outer | None = None


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


def enter_outer(policy: Policy) -> None:
    """Prepare the surroundings of the next fork. The caller must have one thread, and keeps its open descriptors.

    At level ``full`` the caller itself moves into the new namespaces, except the pid namespace, whose first process is its
    next fork: when that ends, the kernel kills everything else in it.
    """
    global current
    if current is not None:
        raise SandboxError("enter the sandbox twice", None)
    prepare(policy)
    pidfd = os.pidfd_open(os.getpid()) if hasattr(os, "pidfd_open") and probe().pidfd else None
    current = (_enter_full if policy.level == "full" else _enter_process)(policy, pidfd)


def _enter_process(policy: Policy, pidfd: int | None) -> Outer:
    with step("make a temporary directory"):
        scratch = Path(tempfile.mkdtemp(prefix=f"mechgrade-{os.getpid()}-"))
    if sys.platform == "linux":
        with step("protect the supervisor"):
            privileges.adopt_orphans()
            privileges.set_dumpable(False)
    return Outer(policy, scratch, pidfd)


def _enter_full(policy: Policy, pidfd: int | None) -> Outer:
    offered = probe()
    if offered.level != "full":
        raise SandboxError("offer isolation level full here", None, " ".join(offered.missing))
    privileged = privileges.is_privileged()
    user, group = os.geteuid(), os.getegid()
    with step("unshare namespaces"):
        namespaces.separate(user=not privileged)
    if not privileged:
        with step("map the user"), OwnProc() as own:
            namespaces.map_user(own, user, group)
    learner = namespaces.user_for(os.getpid()) if privileged else None
    with step("build the file system"):
        filesystem.build(policy)
    with step("protect the supervisor"):
        privileges.set_dumpable(False)
    return Outer(policy, Path("/tmp"), pidfd, learner, offered.user_namespace, offered.private_proc)


def clean_up() -> None:
    """End what the learner's process left behind. To be called by the supervisor, after it has waited for that process.

    At level ``full`` the kernel has done it all: the pid namespace ended with its first process, and the mounts end with
    the supervisor. At level ``process`` orphans were adopted by the supervisor, so they are its children now.
    """
    if current is None or current.policy.level == "full":
        return
    if sys.platform == "linux":
        _end_children()
    _remove(current.scratch)


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


def _end_children() -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    with suppress(ChildProcessError, FileNotFoundError):  # none left; or a kernel that does not list them
        while True:
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)
            os.waitpid(-1, 0)
