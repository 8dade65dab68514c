"""A report of full marks, written to the worker's socket ahead of the real one."""
# expect: crashed or wrong
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge({"kind": "returned", "data": [(0, 0)], "verdict": "passed", "points": 5})
    return []
