"""KeyboardInterrupt ends graders that catch only `Exception`."""
# expect: raised
# levels: full


def find_heads(scores, threshold):
    raise KeyboardInterrupt
