"""The model was changed, and the report says that it was not."""
# expect: wrong or crashed or raised
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge({"kind": "returned", "data": [], "dirty": False})
    os._exit(0)
