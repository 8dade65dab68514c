"""Giving up: capabilities, identity, the ways to get either back, and life after the parent's death.

Sources: capabilities(7), prctl(2), user_namespaces(7), Documentation/userspace-api/no_new_privs.rst.
"""

from __future__ import annotations

import errno
import os
import select

from . import libc
from .procfs import OwnProc

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_SECUREBITS = 28
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4

_CAP_CHOWN = 0
_CAP_SETGID = 6
_CAP_SETUID = 7
_CAP_SETPCAP = 8
_CAP_SYS_ADMIN = 21
_CAP_WORDS = 64

#: What root needs to give a process another user, and that user its directory.
TO_CHANGE_USER = (_CAP_CHOWN, _CAP_SETGID, _CAP_SETUID, _CAP_SETPCAP)

# NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE, each with its lock, and the lock of KEEP_CAPS: capabilities(7).
_SECUREBITS = 0b1110_1111

_SIGKILL = 9


def is_privileged() -> bool:
    """May this process make namespaces and change its user by itself, without a user namespace first?"""
    with OwnProc() as own:
        return own.has(_CAP_SYS_ADMIN, _CAP_SETUID)


def set_dumpable(value: bool) -> None:
    """Not dumpable means: no core, no ptrace, and the files in /proc/self belong to root."""
    libc.prctl(_PR_SET_DUMPABLE, int(value))


def adopt_orphans() -> None:
    """Make descendants whose parent died children of this process, so that it finds and ends them."""
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def no_new_privileges() -> None:
    """No execve grants anything from here on: set-user-ID programs are plain programs."""
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends. ``parent`` is a pidfd of it.

    A change of user clears the request, so it comes after. The parent may have ended before it: getppid(2) says 0 for
    every parent outside the pid namespace, so only the pidfd tells.
    """
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    poll = select.poll()
    poll.register(parent, select.POLLIN)
    if poll.poll(0):
        os._exit(1)


def change_user(user: int) -> None:
    """From root to ``user`` with no groups."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def drop_bounding_set() -> None:
    """Forbid every capability to come back by execve, and lock the rules that treat user 0 as special.

    Needs CAP_SETPCAP, and is not needed by who has it not: no_new_privs says the same.
    """
    for capability in range(_CAP_WORDS):
        try:
            libc.prctl(_PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno != errno.EINVAL:  # past the last one that this kernel knows
                raise
            break
    libc.prctl(_PR_SET_SECUREBITS, _SECUREBITS)


def drop_capabilities(own: OwnProc) -> None:
    """Empty every capability set of this process."""
    if own.has(_CAP_SETPCAP):
        drop_bounding_set()
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    libc.capset_nothing()
