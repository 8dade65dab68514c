"""Random bytes for a frame."""
# expect: crashed
# levels: full

import os

os.write(3, (1000).to_bytes(8, "big") + os.urandom(1000))


def find_heads(scores, threshold):
    return []
