"""A kind of report that says passed."""
# expect: crashed
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


forge({"kind": "passed", "points": 5, "data": None})


def find_heads(scores, threshold):
    return []
