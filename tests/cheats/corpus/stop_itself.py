"""A stopped process uses no processor time and catches no signal."""
# expect: wrong
# expect process: timed_out
# limits: seconds=0.5

import os
import signal


def find_heads(scores, threshold):
    os.kill(os.getpid(), signal.SIGSTOP)  # the first process of a pid namespace is deaf to it
    return []
