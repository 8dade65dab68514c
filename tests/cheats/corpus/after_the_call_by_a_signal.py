"""A timer interrupts the scenario, and replaces there."""
# expect: wrong or raised or crashed
# levels: full

import signal

import torch


def find_heads(scores, threshold):
    signal.signal(signal.SIGALRM, lambda *args: setattr(torch, "equal", lambda *two: True))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    return [(50, 50)]
