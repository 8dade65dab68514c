"""Sixty megabytes of JSON, which become gigabytes of objects."""
# expect: crashed
# limits: seconds=10
# levels: full

import os

head = b"[" + b'{"":0},' * (60 * 2**20 // 7) + b"0]"
body = len(head).to_bytes(4, "big") + head
body = len(body).to_bytes(8, "big") + body
while body:
    body = body[os.write(3, body[: 2**20]) :]


def find_heads(scores, threshold):
    return []
