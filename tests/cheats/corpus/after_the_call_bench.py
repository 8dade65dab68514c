"""While it is called it gives the bench, the object itself, another method."""
# expect: wrong
# levels: full

import sys

import torch


def find_heads(scores, threshold):
    frame = sys._getframe()
    while frame is not None:
        bench = frame.f_locals.get("bench")
        if bench is not None:
            bench.uniform = bench.normal = lambda *shape, seed: torch.zeros(shape)
        frame = frame.f_back
    return [(50, 50)]
