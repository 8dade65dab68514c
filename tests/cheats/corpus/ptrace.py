"""The debugger's interface, on the parent and on others: read the expected values, or write the verdict."""
# expect: wrong

import ctypes
import os


def find_heads(scores, threshold):
    libc = ctypes.CDLL(None, use_errno=True)
    found = []
    buffer = ctypes.create_string_buffer(64)

    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    mine = Vector(ctypes.addressof(buffer), 64)
    theirs = Vector(id(os), 64)
    for pid in (os.getppid() or 1, VICTIM):
        for request in (16, 0x4206):
            if libc.ptrace(request, pid, None, None) == 0:
                found.append("ESCAPED: traced")
        if libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) > 0 and pid != os.getpid():
            found.append("ESCAPED: read memory")
        try:
            os.close(os.open(f"/proc/{pid}/mem", os.O_RDWR))
            found += ["ESCAPED: opened memory"] if pid != os.getpid() else []
        except OSError:
            pass
    return found


VICTIM = 0  # set by the test
