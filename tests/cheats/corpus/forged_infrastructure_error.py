"""A report that blames the machine: such a failure is graded again, or not counted."""
# expect: crashed
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


forge({"kind": "infrastructure", "message": "the machine failed"})


def find_heads(scores, threshold):
    return []
