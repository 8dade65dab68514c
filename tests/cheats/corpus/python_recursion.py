"""Recursion in Python, which ends in an error like any other."""
# expect: raised
# levels: full


def find_heads(scores, threshold):
    return find_heads(scores, threshold)
