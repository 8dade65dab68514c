"""The worker's control socket, inherited or fetched out of another process: with it, any file runs outside the sandbox."""
# expect: wrong

import os
import socket


def find_heads(scores, threshold):
    found = []
    # Its own descriptors: the server's listening socket and the worker's control socket take packets, the data socket does not.
    for number in range(256):
        try:
            held = socket.socket(fileno=number)
            kind = held.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
            held.detach()
        except OSError:
            continue
        if kind == socket.SOCK_SEQPACKET:
            found.append("ESCAPED: holds a socket that takes packets")
    # Others': by their numbers, or by pidfd_getfd(2), which has the same number on every processor.
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    for pid in {os.getppid(), VICTIM, *range(1, 40)} - {os.getpid()}:
        pidfd = libc.syscall(434, pid, 0)
        if pidfd < 0:
            continue
        for number in range(3, 12):
            if libc.syscall(438, pidfd, number, 0) >= 0:
                found.append("ESCAPED: took a descriptor out of another process")
    print(found)
    return found


VICTIM = 1  # set by the test
