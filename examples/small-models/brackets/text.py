"""Strings of brackets, as the model was trained on: never closed more often than opened, never deeper than :data:`DEEPEST`."""

import numpy as np

START, OPEN, CLOSE = range(3)
DEEPEST = 5


def strings(batch: int, length: int, seed: int) -> np.ndarray:
    """Random strings, shape `[batch, length]`: a start, then brackets."""
    up = np.random.default_rng(seed).random((batch, length)) < 0.5
    tokens = np.full((batch, length), START, dtype=np.int64)
    depth = np.zeros(batch, dtype=np.int64)
    for place in range(1, length):
        opens = np.where(depth == 0, True, np.where(depth == DEEPEST, False, up[:, place]))
        tokens[:, place] = np.where(opens, OPEN, CLOSE)
        depth += np.where(opens, 1, -1)
    return tokens


def depths(tokens: np.ndarray) -> np.ndarray:
    """How many brackets are open after each token, shape `[batch, pos]`."""
    return ((tokens == OPEN).astype(np.int64) - (tokens == CLOSE)).cumsum(axis=1)
