"""JSON nested a million deep, for a parser that recurses."""
# expect: crashed
# levels: full

import os

head = b"[" * 10**6
body = len(head).to_bytes(4, "big") + head
body = len(body).to_bytes(8, "big") + body
while body:
    body = body[os.write(3, body) :]


def find_heads(scores, threshold):
    return []
