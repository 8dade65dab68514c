"""What comes in goes out."""
# expect: wrong
# levels: full


def find_heads(scores, threshold):
    return scores
