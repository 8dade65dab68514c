"""A result nested ten thousand deep breaks whoever walks it by recursion."""
# expect: wrong
# levels: full


def find_heads(scores, threshold):
    result = []
    for _ in range(10_000):
        result = [result]
    return result
