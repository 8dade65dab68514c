"""Every clock in the process stands still, while it sleeps."""
# expect: timed_out
# limits: seconds=0.5
# levels: full

import time

time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0


def find_heads(scores, threshold):
    time.sleep(1000)
    return []
