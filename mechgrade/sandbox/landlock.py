"""Landlock: Documentation/userspace-api/landlock.rst, <linux/landlock.h>.

The three system calls have the same numbers on every processor. PyPI's `landlock` is an alpha without network and scope rules.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from . import libc

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
# The access rights that each version knows: all bits below these counts.
_RIGHTS_OF = {1: 13, 2: 14, 3: 15, 4: 15}
_RIGHTS_NOW = 16  # since version 5
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_NET_BIND_AND_CONNECT_TCP = 0b11  # since version 4
_SCOPE_ABSTRACT_UNIX_SOCKET_AND_SIGNAL = 0b11  # since version 6


class _RulesetAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("handled_access_fs", "handled_access_net", "scoped")]


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # what _pack_ means; Python 3.14 wants it said
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


def version() -> int:
    """The ABI version of this kernel; zero where there is none."""
    try:
        return libc.syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    except (OSError, AttributeError, TypeError):
        return 0


def restrict(
    *,
    readable: Iterable[Path] = (),
    writable: Iterable[Path] = (),
    devices: Iterable[Path] = (),
    execute: bool = False,
) -> None:
    """Close every file except those beneath the given paths, all TCP, and every process outside this one's descendants.

    Asks for all that the kernel's version knows. no_new_privs must be set. What is open already stays open.
    """
    known = version()
    rights = (1 << _RIGHTS_OF.get(known, _RIGHTS_NOW)) - 1
    ruleset = _RulesetAttr(
        rights,
        _NET_BIND_AND_CONNECT_TCP if known >= 4 else 0,
        _SCOPE_ABSTRACT_UNIX_SOCKET_AND_SIGNAL if known >= 6 else 0,
    )
    # A kernel takes a longer structure than its own as long as what it does not know is zero.
    size = ctypes.c_size_t(ctypes.sizeof(ruleset))
    descriptor = libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), size, 0)
    read = _READ_FILE | _READ_DIR | (_EXECUTE if execute else 0)
    write = (rights & ~_EXECUTE & ~_MAKE_CHAR & ~_MAKE_BLOCK) | read
    device = _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV
    try:
        for paths, access in ((readable, read), (writable, write), (devices, device)):
            for path in paths:
                _allow(descriptor, path, access & rights)
        libc.syscall(_RESTRICT_SELF, descriptor, 0)
    finally:
        os.close(descriptor)


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not path.is_dir():
            access &= _ON_FILES
        rule = _PathBeneathAttr(access, descriptor)
        libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)
