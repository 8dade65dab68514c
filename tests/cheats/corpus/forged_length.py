"""A frame that announces eight exabytes."""
# expect: crashed
# levels: full

import os

os.write(3, (2**63).to_bytes(8, "big") + b"x" * 100)


def find_heads(scores, threshold):
    return []
