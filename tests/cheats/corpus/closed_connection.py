"""The worker's socket closed, while the process lives on."""
# expect: crashed

import os
import time


def find_heads(scores, threshold):
    os.close(3)
    time.sleep(1000)
