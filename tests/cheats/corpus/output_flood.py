"""Output without end keeps whoever reads it from looking at the clock."""
# expect: timed_out
# limits: seconds=0.5
# lasts: perhaps

import os


def find_heads(scores, threshold):
    block = b"x" * 65536
    while True:
        os.write(1, block)
