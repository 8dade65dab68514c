"""Namespaces: user_namespaces(7), pid_namespaces(7), and who the learner is inside.

Two roads lead in. A privileged parent makes namespaces with its own power, and the learner's process becomes a user of no account.
An ordinary user's parent has entered a user namespace, in which it may do the same but for the change of user. On either road the
learner's process makes its other namespaces, and then moves into a user namespace of its own: nothing inside it owns the mounts
that it sees, and it ends with one uid, mapped to itself alone, and no capability.
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
_OWN = libc.CLONE_NEWNS | libc.CLONE_NEWNET | libc.CLONE_NEWIPC | libc.CLONE_NEWUTS


def separate() -> None:
    """Leave every namespace of the machine but those of users and of pids."""
    libc.unshare(_OWN)


def map_user(own: OwnProc, uid: int, gid: int, uid_inside: int = INSIDE, gid_inside: int = INSIDE) -> None:
    """Give the user namespace that was just made its one user. The first two ids are those from outside it.

    An ordinary user may map only itself, and its group only once setgroups(2) is denied: user_namespaces(7).
    """
    own.write("setgroups", "deny")
    own.write("gid_map", f"{gid_inside} {gid} 1")
    own.write("uid_map", f"{uid_inside} {uid} 1")


def user_for(pid: int) -> int:
    """Pick a user for the learner's process of that pid: nobody else's, so that nothing is shared and limits count it alone.

    Root itself would not do: the kernel exempts it from RLIMIT_NPROC, in every namespace (copy_process() in kernel/fork.c).
    """
    user = _UNUSED_USERS + pid
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = (int(field) for field in line.split())
        if first <= user < first + count:
            return user
    return _NOBODY  # a container that has only some users
