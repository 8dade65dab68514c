"""SIGKILL from its own hand looks like a kill for memory."""
# expect: wrong
# expect process: crashed

import os
import signal


def find_heads(scores, threshold):
    os.kill(os.getpid(), signal.SIGKILL)  # the first process of a pid namespace is deaf to it
    return []
