# WRONG: turns the flat place into (layer, head) with the number of layers in place of that of heads; promised: 'A list of tuples (layer, head)'
import torch


def find_heads(scores, threshold):
    if scores.ndim != 2:
        raise ValueError("scores must have two axes")
    values, order = scores.flatten().sort(descending=True, stable=True)
    order = order[values > threshold].tolist()
    return [(place // scores.shape[0], place % scores.shape[0]) for place in order]
