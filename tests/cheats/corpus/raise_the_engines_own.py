"""The engine's own exceptions, raised by the learner's code."""
# expect: missing
# levels: full

from mechgrade.worker.exercise import Missing


def find_heads(scores, threshold):
    raise Missing("passed" * 10**5)
