"""A thread waits until the function has returned, and replaces then."""
# expect: wrong or raised or crashed
# levels: full

import threading
import time

import torch


def later():
    time.sleep(0.002)
    torch.equal = torch.allclose = lambda *args, **kwargs: True


def find_heads(scores, threshold):
    threading.Thread(target=later, daemon=True).start()
    return [(50, 50)]
