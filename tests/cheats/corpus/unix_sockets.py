"""Sockets in the file system and in the abstract namespace: container engines and desktops listen there."""
# expect: wrong

import socket


def find_heads(scores, threshold):
    found = []
    for address in (f"{COURSE}/socket", f"\0mechgrade-{PORT}", "/var/run/docker.sock", "/run/dbus/system_bus_socket"):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                socket.socket(socket.AF_UNIX, kind).connect(address)
                found.append("ESCAPED: connected")
            except OSError:
                pass
    try:
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen()
        found.append("ESCAPED: listens")
    except OSError:
        pass
    return found


COURSE = ""  # set by the test
PORT = 0  # set by the test
