"""Threads without end."""
# expect: raised
# expect process: raised or wrong
# limits: seconds=10

import threading
import time


def find_heads(scores, threshold):
    if threading.active_count() < 100:
        for _ in range(300):
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    return []
