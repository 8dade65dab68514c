"""Sorts all heads in NumPy with lexsort, then keeps those above the threshold."""

import numpy as np


def find_heads(scores, threshold):
    values = scores.detach().cpu().double().numpy()
    if values.ndim != 2:
        raise ValueError("exactly two axes are needed, [layer, head]")
    layers, heads = np.indices(values.shape).reshape(2, -1)
    flat = values.ravel()
    order = np.lexsort((heads, layers, -flat))
    return [(int(layers[i]), int(heads[i])) for i in order if flat[i] > threshold]
