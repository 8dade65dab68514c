"""The collector of garbage calls back, whenever that is."""
# expect: wrong
# levels: full

import gc

import torch


def find_heads(scores, threshold):
    gc.callbacks.append(lambda *args: setattr(torch, "equal", lambda *two: True))
    gc.set_threshold(1)
    return [(50, 50)]
