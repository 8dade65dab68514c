"""NumPy's comparisons say yes."""
# expect: wrong
# levels: full

import numpy as np

np.allclose = np.array_equal = np.all = lambda *args, **kwargs: True
np.testing.assert_allclose = lambda *args, **kwargs: None


def find_heads(scores, threshold):
    return [(50, 50)]
