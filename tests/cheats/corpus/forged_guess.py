"""The guess what name was meant is a tree of lists."""
# expect: missing or crashed or wrong
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge({"kind": "missing", "name": "f", "like": [["f"] * 50] * 50})
    os._exit(0)
