"""The server that keeps the worker warm: whoever is lent the worker could have any file run outside the sandbox."""
# expect: wrong

import glob
import json
import os
import socket


def find_heads(scores, threshold):
    found = []
    places = ["/tmp", "/var/tmp", os.path.dirname(RUNTIME), *glob.glob("/run/user/*")]
    addresses = {RUNTIME, *(path for place in places for path in glob.glob(f"{place}/mechgrade-*/*/socket"))}
    for address in addresses:
        for kind in (socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
            try:
                caller = socket.socket(socket.AF_UNIX, kind)
                caller.connect(address)
                found.append("ESCAPED: connected to the server")
                caller.send(json.dumps({"ask": "stop"}).encode())
            except OSError:
                pass
    print(found)
    return found


RUNTIME = "/nonexistent/socket"  # set by the test
