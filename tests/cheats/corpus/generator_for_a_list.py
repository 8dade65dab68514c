"""A generator, which would run later, where a list is asked for."""
# expect: wrong
# levels: full


def find_heads(scores, threshold):
    yield (50, 50)
