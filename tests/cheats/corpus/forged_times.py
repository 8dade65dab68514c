"""It took ten days, a minus and no number."""
# expect: wrong or crashed or raised
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge({"kind": "returned", "data": [], "seconds": 864000.0, "learner_seconds": 999999.0})
    os._exit(0)
