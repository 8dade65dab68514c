"""Sixty megabytes of output, and then an answer."""
# expect: wrong
# limits: seconds=10
# levels: full

import os


def find_heads(scores, threshold):
    if threshold == 0.125:
        for _ in range(960):
            os.write(1, b"passed\n" * 9362)
    return []
