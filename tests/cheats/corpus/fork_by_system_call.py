"""The same by clone, vfork and clone3, and by posix_spawn."""
# expect: wrong

import ctypes
import os
import platform

CLONE = {"x86_64": (56, 57, 58), "aarch64": (220,)}.get(platform.machine(), ())


def find_heads(scores, threshold):
    libc = ctypes.CDLL(None, use_errno=True)
    found = []
    for number in (*CLONE, 435):
        pid = libc.syscall(number, 17, 0, 0, 0, 0)
        if pid == 0:
            libc._exit(0)
        if pid > 0:
            found.append("ESCAPED: a child")
    try:
        os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
        found.append("ESCAPED: a program")
    except OSError:
        pass
    try:
        os.execv("/bin/echo", ["echo", "passed"])
    except OSError:
        pass
    return found
