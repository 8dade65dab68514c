"""The name of what is missing rings the bell and moves the cursor."""
# expect: missing
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge({"kind": "missing", "name": "\x1b[2J\x07" * 1000})
    os._exit(0)
