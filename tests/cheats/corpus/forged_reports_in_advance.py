"""Reports for every scenario to come, so that none needs to be run."""
# expect: crashed or wrong
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


for _ in range(50):
    forge({"kind": "returned", "data": [(1, 3), (0, 1), (1, 1), (2, 2)]})


def find_heads(scores, threshold):
    return []
