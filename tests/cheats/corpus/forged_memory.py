"""It claims that memory ran out, with pages in the message."""
# expect: out_of_memory
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge({"kind": "out_of_memory", "type": "x" * 5000, "message": "<script>" * 50000})
    os._exit(0)
