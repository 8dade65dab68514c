"""Output in single bytes, each of which costs its reader an object."""
# expect: wrong
# limits: seconds=10
# levels: full

import os


def find_heads(scores, threshold):
    if threshold == 0.125:
        for _ in range(50_000):
            os.write(2, b"x")
    return []
