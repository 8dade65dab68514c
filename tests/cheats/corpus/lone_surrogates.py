"""Text that is legal in JSON and in Python, and that no terminal or file can take."""
# expect: wrong
# levels: full


def find_heads(scores, threshold):
    print("\ud800" * 10)
    return ["\ud800\udfff", "\x00"]
