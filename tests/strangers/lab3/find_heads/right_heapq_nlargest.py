"""Takes the largest from all pairs with heapq, which keeps the order of equal ones."""

import heapq
from itertools import product


def find_heads(scores, threshold):
    if len(scores.shape) != 2:
        raise ValueError(f"scores have {len(scores.shape)} axes and not two")
    table = scores.detach().cpu()
    pairs = [pair for pair in product(*map(range, table.shape)) if table[pair] > threshold]
    return heapq.nlargest(len(pairs), pairs, key=lambda pair: table[pair].item())
