"""A trace function rewrites the locals of whoever runs."""
# expect: wrong or crashed
# levels: full

import sys
import threading


def trace(frame, event, argument):
    for name in ("expected", "reference", "verdict", "points", "result", "data", "report"):
        if name in frame.f_locals:
            frame.f_locals[name] = True
    return trace


sys.settrace(trace)
sys.setprofile(lambda *args: None)
threading.settrace(trace)


def find_heads(scores, threshold):
    sys.settrace(trace)
    return [(50, 50)]
