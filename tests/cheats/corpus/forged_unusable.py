"""The message is HTML and Markdown."""
# expect: wrong or crashed or raised
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    forge({"kind": "unusable", "message": "<img src=x onerror=alert(1)> [a](javascript:alert(1))"})
    os._exit(0)
