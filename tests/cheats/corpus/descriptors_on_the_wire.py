"""Open descriptors sent along, for a reader that would take them."""
# expect: wrong

import array
import os
import socket


def find_heads(scores, threshold):
    channel = socket.socket(fileno=os.dup(3))
    reader, writer = os.pipe()
    for _ in range(20):
        try:
            channel.sendmsg([], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [reader, writer, 0, 1]))])
        except OSError:
            pass
    return []
