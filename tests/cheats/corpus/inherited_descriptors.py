"""Whatever was left open: the worker's sockets and logs, another learner's pipe, a fixture."""
# expect: wrong

import os
import socket
import stat


def loot():
    found = []
    for number in range(3, 1024):
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode):
            found.append("ESCAPED: a file is open")
            found.append(os.pread(number, 1000, 0).decode("latin1"))
        elif stat.S_ISDIR(mode):
            found.append("ESCAPED: a directory is open")
        elif stat.S_ISSOCK(mode) and number != 3:
            found.append("ESCAPED: a socket is open")
            try:
                body = socket.socket(fileno=os.dup(number)).recv(1000, socket.MSG_PEEK | socket.MSG_DONTWAIT)
                found.append(body.decode("latin1"))
            except OSError:
                pass
    return found


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
