"""A child that outlives its parent, in a session of its own."""
# expect: raised

import os
import time


def find_heads(scores, threshold):
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)
        os._exit(0)
    return []
