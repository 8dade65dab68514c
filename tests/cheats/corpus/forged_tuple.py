"""A tuple, which is no report at all."""
# expect: wrong or crashed or raised
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge(("returned", []))
    os._exit(0)
