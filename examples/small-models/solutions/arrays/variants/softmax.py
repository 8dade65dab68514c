"""Right and wrong ways of softmax."""

import numpy as np

from mechgrade.authoring.variants import accepted, misconception


@accepted
def by_loop(scores):
    """One row after the other."""
    rows = [np.exp(row - row.max()) for row in scores]
    return np.stack([row / row.sum() for row in rows])


@accepted
def by_logarithm(scores):
    """By the logarithm of the sum, in float64."""
    wide = scores.astype(np.float64)
    return np.exp(wide - np.logaddexp.reduce(wide, axis=1, keepdims=True)).astype(scores.dtype)


@misconception("You sum over the rows, so each column sums to 1. Each row should.")
def over_the_rows(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum(axis=0, keepdims=True)


@misconception("You divide by the largest power, so the largest entry of each row is 1. Divide by the sum of the row.")
def by_the_largest(scores):
    return np.exp(scores - scores.max(axis=1, keepdims=True))


@misconception("You divide by the sum of all powers, so all rows together sum to 1. Each row should.")
def over_everything(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


@misconception("You divide the scores themselves by their sum. Take the exponential of each score first.")
def without_powers(scores):
    return scores / scores.sum(axis=1, keepdims=True)


@misconception("Your powers overflow: e to the 1000 is `inf`. Take the largest score of each row away first.")
def overflows(scores):
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)
