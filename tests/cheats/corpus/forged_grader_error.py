"""It claims each verdict that is no learner's."""
# expect: wrong or crashed or raised
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge({"kind": "grader_error", "grader": True, "failed": "x", "bench": True})
    os._exit(0)
