"""Booleans with the byte 2: true to one instruction, equal to neither to another."""
# expect: crashed
# exercise: induction_scores
# levels: full

import numpy as np


def induction_scores(pattern, half):
    return np.frombuffer(b"\x02" * 6, dtype=bool).reshape(2, 3)
