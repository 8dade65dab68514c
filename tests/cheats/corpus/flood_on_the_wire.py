"""Frames without end."""
# expect: crashed

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    while True:
        forge({"kind": "returned", "data": []})
