"""A NumPy subclass that takes over every comparison."""
# expect: wrong
# exercise: induction_scores
# levels: full

import numpy as np


class Liar(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return True

    def __array_function__(self, func, types, args, kwargs):
        return True


def induction_scores(pattern, half):
    return np.full((pattern.shape[0], pattern.shape[2]), 9.0, dtype="float32").view(Liar)
