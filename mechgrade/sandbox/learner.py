"""The inner half: what the learner's process gives up, in this order, before it runs a line of the learner's."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path

from . import filesystem, landlock, libc, namespaces, parent, privileges, rlimits, seccomp
from .errors import SandboxError, step
from .policy import Policy
from .procfs import OwnProc

# <linux/close_range.h>; the same number on every processor.
_SYS_CLOSE_RANGE = 436

#: Readable at level "process", where there is no private /proc: what tells about the machine and about this process alone.
#: The kernel may forget about /proc/self when it is short of memory; then that is closed too.
_PUBLIC = tuple(
    Path("/proc", name) for name in ("self", "cpuinfo", "meminfo", "stat", "sys", "filesystems", "loadavg", "uptime")
)
_DEVICES = tuple(Path("/dev", name) for name in filesystem.DEVICES)


def seal(policy: Policy) -> None:
    """Close this process in, for good. To be called once, in what `fork` forked, with one thread."""
    myself, home = parent.myself, parent.home
    if myself is None or home is None or myself.level != policy.level:
        raise SandboxError("seal a process that was not forked for the policy's level", None)
    with ExitStack() as stack:
        own: OwnProc | None = None
        if sys.platform == "linux":
            with step("find this process in /proc"):
                # The parent is not dumpable and neither is its fork: its files in /proc would belong to root.
                privileges.set_dumpable(True)
                own = stack.enter_context(OwnProc())
            with suppress(OSError):  # if the machine runs out of memory, this process is the one to end
                own.write("oom_score_adj", "1000")
        if own is not None and policy.level == "full":
            # While the machine's /proc is in sight: whether this is root in all of the machine, or in a container that has few users.
            user = namespaces.user_for(own.pid) if home.privileged else None
            with step("unshare namespaces"):
                namespaces.separate()
            with step("build the file system"):
                filesystem.build(policy)
            with step("mount a private /proc"):
                filesystem.mount_own_proc(private=home.offered.private_proc)
        with step("start a session"):
            os.setsid()
        if own is not None and policy.level == "full":
            with step("become nobody"):
                _become_nobody(own, user, own_namespace=home.offered.user_namespace)
        if own is not None and policy.level == "process" and not cannot_leave_root(policy.readable):
            with step("become nobody"):
                _leave_root(own, myself.scratch)
        with step("limit resources"):
            # The kernel counts a user within its user namespace (since Linux 5.14), so only a user of its own can be limited.
            rlimits.apply(policy, own, tasks=policy.processes if policy.level == "full" else None)
        scratch = myself.scratch or Path("/tmp")
        with step("move to the temporary directory"):
            os.chdir(scratch)
        if own is not None:
            with step("drop privileges"):
                privileges.no_new_privileges()
                privileges.drop_capabilities(own)
    if sys.platform == "linux":
        _lock(policy, scratch, home.pidfd)
    with step("close descriptors"):
        _close_all_but({0, 1, 2, *policy.keep_fds})
    _empty_environment(scratch)
    # Last, because it forbids some of the steps above.
    if policy.level == "full" or (sys.platform == "linux" and seccomp.is_available()):
        with step("filter system calls"):
            seccomp.install(parent.seccomp_program(policy))


def _become_nobody(own: OwnProc, user: int | None, *, own_namespace: bool) -> None:
    """``user`` is the one to become first, for whom a privileged parent has forked."""
    if user is not None:
        if not own_namespace:
            privileges.drop_bounding_set()  # the last moment that it can: the change of user takes the capability for it
        privileges.change_user(user)
        privileges.set_dumpable(True)  # which that change undid
    if own_namespace:
        uid, gid = os.geteuid(), os.getegid()
        libc.unshare(libc.CLONE_NEWUSER)
        namespaces.map_user(own, uid, gid)


def cannot_leave_root(readable: tuple[Path, ...]) -> str:
    """Why learner code keeps this process's user at level ``process`` though that is root, in a sentence.

    Empty where it does not: this is no root, or the code gets a user of no account.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        return ""
    with OwnProc() as own:
        if not own.has(*privileges.TO_CHANGE_USER):
            return "Learner code would run as root: this root may not become another user."
    closed = filesystem.closed_to_others(filesystem.plan(readable).shown)
    return f"Learner code would run as root: {closed} is closed to other users." if closed else ""


def _leave_root(own: OwnProc, scratch: Path | None) -> None:
    """At level ``process`` a namespace holds nothing back, so what root may do must not be learner code's."""
    if os.geteuid() != 0:
        return
    user = namespaces.user_for(own.pid)
    if scratch is not None:
        os.chown(scratch, user, user)
    privileges.drop_bounding_set()
    privileges.change_user(user)
    privileges.set_dumpable(True)  # which that change undid


def _lock(policy: Policy, scratch: Path, pidfd: int | None) -> None:
    with step("tie this process to its parent"):
        privileges.set_dumpable(False)
        if pidfd is not None:
            privileges.die_with(pidfd)
    if policy.level == "full":
        with step("apply Landlock"):
            # The root holds only what may be read, so nothing is gained by listing it again.
            landlock.restrict(
                readable=[Path("/")],
                writable=[scratch, Path("/dev/shm")],
                devices=[*_DEVICES, *filesystem.plan(policy.devices).shown],
                execute=policy.children,
            )
    elif landlock.version() > 0:
        with step("apply Landlock"):
            landlock.restrict(
                readable=[*filesystem.plan(policy.readable).shown, *_PUBLIC],
                writable=[scratch],
                devices=[*_DEVICES, *policy.devices],
                execute=policy.children,
            )


def _close_all_but(kept: set[int]) -> None:
    """close_range(2), which Linux has since 5.9; elsewhere one by one."""
    edges = [-1, *sorted(kept), 0xFFFFFFFF]
    try:
        for low, high in pairwise(edges):
            if high - low > 1:
                _close_range(low + 1, high - 1)
    except OSError:
        for descriptor in {int(entry.name) for entry in Path("/dev/fd").iterdir()} - kept:
            with suppress(OSError):  # the listing's own
                os.close(descriptor)


def _close_range(first: int, last: int) -> None:
    if sys.platform != "linux":  # where the number means something else
        raise OSError(errno.ENOSYS, "close_range")
    libc.syscall(_SYS_CLOSE_RANGE, first, last, 0)


def _empty_environment(home: Path) -> None:
    """A new environment. What the first process was started with stays in its memory: start that one with none."""
    os.environ.clear()
    os.environ.update(
        HOME=str(home), TMPDIR=str(home), USER="learner", LOGNAME="learner", LANG="C.UTF-8", PATH="/usr/bin:/bin"
    )
    tempfile.tempdir = None  # forget what was found outside
