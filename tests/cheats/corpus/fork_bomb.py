"""Forks without end, whatever they answer."""
# expect: timed_out
# expect process: timed_out or crashed
# Without a sandbox it shares the machine with its copies: where memory runs short, the kernel may end it before its time is over.
# limits: seconds=0.5

import os


def find_heads(scores, threshold):
    while True:
        try:
            os.fork()
        except OSError:
            pass
