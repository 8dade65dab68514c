"""Open files without end."""
# expect: raised

import os


def find_heads(scores, threshold):
    while True:
        os.dup(0)
