"""A profile function sees the scenario return, and changes what is in its hands."""
# expect: wrong or raised or crashed
# levels: full

import sys


def seen(frame, event, value):
    if event == "return" and isinstance(value, dict):
        value.clear()


def find_heads(scores, threshold):
    sys.setprofile(seen)
    return [(50, 50)]
