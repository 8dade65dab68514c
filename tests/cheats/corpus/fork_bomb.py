"""Forks without end, whatever they answer."""
# expect: timed_out
# limits: seconds=0.5

import os


def find_heads(scores, threshold):
    while True:
        try:
            os.fork()
        except OSError:
            pass
