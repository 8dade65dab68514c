"""Processor time without end, with a long clock on the wall."""
# expect: timed_out
# limits: seconds=20 cpu_seconds=1


def find_heads(scores, threshold):
    while True:
        pass
