"""Namespaces: user_namespaces(7), pid_namespaces(7), and who the learner is inside.

Two roads lead in. A privileged supervisor makes the namespaces with its own power and the learner's process then moves into
a user namespace under a user of no account: nothing inside owns the mounts it sees. An ordinary user makes a user namespace
first and the rest inside it. Either way the learner's process ends with one uid, mapped to itself alone, and no capability.
"""

from __future__ import annotations

from pathlib import Path

from . import libc
from .procfs import OwnProc

#: Who the learner is inside the namespace; /etc/passwd there says the same.
INSIDE = 1000

_NOBODY = 65534
# Between the users that systemd hands to containers and those it keeps: https://systemd.io/UIDS-GIDS
_UNUSED_USERS = 0x7000_0000

#: Everything but the user namespace.
SEPARATE = {
    "mount": libc.CLONE_NEWNS,
    "pid": libc.CLONE_NEWPID,
    "net": libc.CLONE_NEWNET,
    "ipc": libc.CLONE_NEWIPC,
    "uts": libc.CLONE_NEWUTS,
}
_ALL = libc.CLONE_NEWNS | libc.CLONE_NEWPID | libc.CLONE_NEWNET | libc.CLONE_NEWIPC | libc.CLONE_NEWUTS


def separate(*, user: bool) -> None:
    """Leave every namespace of the machine. The pid namespace begins with the next fork."""
    libc.unshare(_ALL | (libc.CLONE_NEWUSER if user else 0))


def map_user(own: OwnProc, uid: int, gid: int) -> None:
    """Give the user namespace that was just made its one user. Both ids are those from outside it.

    An ordinary user may map only itself, and its group only once setgroups(2) is denied: user_namespaces(7).
    """
    own.write("setgroups", "deny")
    own.write("gid_map", f"{INSIDE} {gid} 1")
    own.write("uid_map", f"{INSIDE} {uid} 1")


def user_for(supervisor: int) -> int:
    """Pick a user for what the supervisor of that pid runs: nobody else's, so that nothing is shared and limits count it alone.

    Root itself would not do: the kernel exempts it from RLIMIT_NPROC, in every namespace (copy_process() in kernel/fork.c).
    """
    user = _UNUSED_USERS + supervisor
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = (int(field) for field in line.split())
        if first <= user < first + count:
            return user
    return _NOBODY  # a container that has only some users
