"""NotImplementedError after all the work is done: not started, and no failure."""
# expect: not_started
# levels: full


def find_heads(scores, threshold):
    raise NotImplementedError
