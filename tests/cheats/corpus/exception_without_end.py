"""An exception with ten megabytes of text and a chain of causes."""
# expect: raised
# levels: full


def find_heads(scores, threshold):
    error = ValueError("passed " * 10**6)
    for number in range(500):
        following = ValueError(f"{number}" * 1000)
        following.__cause__ = error
        error = following
    raise error
