"""A loop that catches everything, so no alarm in its own frame can end it."""
# expect: timed_out
# limits: seconds=0.5

import signal
import time

for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def find_heads(scores, threshold):
    while True:
        try:
            time.sleep(10)
        except BaseException:
            pass
