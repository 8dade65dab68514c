"""A thread that goes on after the call, to change what was returned and what comes next."""
# expect: wrong
# lasts: perhaps

import threading
import time

import torch

result = []


def later():
    while True:
        result.append((0, 0))
        torch.manual_seed(0)
        time.sleep(0.001)


threading.Thread(target=later, daemon=False).start()


def find_heads(scores, threshold):
    return []
