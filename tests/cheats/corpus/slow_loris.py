"""A result that comes a byte at a time: each byte is a sign of life."""
# expect: timed_out
# limits: seconds=0.5

import os
import time


def find_heads(scores, threshold):
    os.write(3, (10**6).to_bytes(8, "big"))
    while True:
        os.write(3, b"\x00")
        time.sleep(0.02)
