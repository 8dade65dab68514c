"""Weights of forms for which the grader's own functions were not made."""
# expect: wrong or raised
# exercise: superposition
# levels: full


def toy_loss(W, b, x, importance):
    return W.sum() * 0


def feature_dimensionality(W):
    return W[0] * 0


def superposition(batches, n_hidden, importance, seed):
    return {"a": [1]}, "b"
