"""The process gives up."""
# expect: crashed

import os


def find_heads(scores, threshold):
    os.abort()
