"""Names looked up carry data out, and answers come back the same way."""
# expect: wrong

import socket


def find_heads(scores, threshold):
    found = []
    try:
        socket.getaddrinfo("answers.example.org", 80)
        found.append("ESCAPED: resolved")
    except OSError:
        pass
    for family, kind in (
        (socket.AF_INET, socket.SOCK_DGRAM),
        (socket.AF_INET6, socket.SOCK_DGRAM),
        (socket.AF_PACKET, socket.SOCK_RAW),
    ):
        try:
            socket.socket(family, kind).sendto(b"x", ("127.0.0.1", 53))
            found.append("ESCAPED: sent")
        except OSError:
            pass
    return found
