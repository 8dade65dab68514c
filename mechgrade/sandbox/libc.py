"""The few C functions that Python 3.11 does not offer, each with its man page in section 2 and raising OSError.

Flags are from <sched.h>, <sys/mount.h> and <linux/mount.h>; they are the same on every processor.
"""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_THREAD = 0x00010000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 0x2

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
# System calls newer than the unified table (Linux 5.1) have one number on every processor that we meet.
_SYS_MOUNT_SETATTR = 442


@lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, filename: str | None = None) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), filename)
    return result


def syscall(number: int, *arguments: object) -> int:
    """Call by number. Plain integers are passed as longs, as the kernel expects."""
    longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(int(_libc().syscall(ctypes.c_long(number), *longs)))


def unshare(flags: int) -> None:
    """Leave namespaces."""
    _checked(_libc().unshare(ctypes.c_int(flags)))


def setns(descriptor: int, kind: int) -> None:
    """Enter a namespace of that kind."""
    _checked(_libc().setns(ctypes.c_int(descriptor), ctypes.c_int(kind)))


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, data: str = "") -> None:
    """Mount, bind or change propagation."""
    result = _libc().mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    _checked(result, target)


def unmount(target: str) -> None:
    """Unmount lazily: what still uses the mount keeps it, nobody else finds it again."""
    _checked(_libc().umount2(os.fsencode(target), MNT_DETACH), target)


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


def mount_setattr(target: str, *, add: int = 0, clear: int = 0, recursive: bool = False) -> None:
    """Change a mount, since Linux 5.12: unlike a remount, it need not repeat the flags that are locked."""
    attributes = _MountAttr(add, clear, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    path = ctypes.c_char_p(os.fsencode(target))
    syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, path, flags, ctypes.byref(attributes), size)


def madvise(address: int, length: int, advice: int) -> None:
    """Say how a range of memory will be used."""
    _checked(_libc().madvise(ctypes.c_void_p(address), ctypes.c_size_t(length), ctypes.c_int(advice)))


def prctl(option: int, argument: object = 0, second: object = 0) -> int:
    """Change this process. Unused arguments must be zero for several options."""
    first, then = (ctypes.c_ulong(a) if isinstance(a, int) else a for a in (argument, second))
    return _checked(int(_libc().prctl(ctypes.c_int(option), first, then, ctypes.c_ulong(0), ctypes.c_ulong(0))))


def capset_nothing() -> None:
    """Empty the three sets: capabilities(7), version 3, 64 bits in two words."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(_libc().capset(ctypes.byref(header), ctypes.byref(nothing)))
