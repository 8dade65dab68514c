"""So many small values that the grader drowns in objects."""
# expect: wrong
# levels: full


def find_heads(scores, threshold):
    return list(range(1_000_000))
