"""Every function raises the error that the text asks for in impossible cases."""
# expect: raised
# levels: full


def find_heads(scores, threshold):
    raise ValueError("no")
