"""What was found is sent away, or answers are fetched: TCP to the next machine, here to this one."""
# expect: wrong

import socket
import urllib.request


def find_heads(scores, threshold):
    found = []
    for host in ("127.0.0.1", "localhost", "0.0.0.0"):
        try:
            with socket.create_connection((host, PORT), timeout=1) as connection:
                connection.sendall(b"ESCAPED")
                found.append("ESCAPED: connected")
        except OSError:
            pass
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=1).read()
        found.append("ESCAPED: fetched")
    except OSError:
        pass
    return found


PORT = 0  # set by the test
