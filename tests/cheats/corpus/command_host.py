"""The process that commands start from: whoever is heard there could have it run a command outside the sandbox."""
# expect: wrong

import glob
import json
import os
import socket


def find_heads(scores, threshold):
    found = []
    places = ["/tmp", "/var/tmp", os.path.dirname(HOST), *glob.glob("/run/user/*")]
    addresses = {HOST, *(path for place in places for path in glob.glob(f"{place}/mechgrade-*/commands-*/socket"))}
    body = json.dumps({"ask": "run", "arguments": ["mechgrade", "grade", "--json", f"{COURSE}/outputs/results.json"]})
    for address in addresses:
        try:
            caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            caller.connect(address)
            found.append("ESCAPED: connected to the host of commands")
            caller.sendall(b"%08x" % len(body) + body.encode())
            found.append(caller.recv(100))
        except OSError:
            pass
    print(found)
    return found


HOST = "/nonexistent/socket"  # set by the test
COURSE = ""  # set by the test
