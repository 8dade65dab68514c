"""The file never finishes to load."""
# expect: timed_out
# limits: seconds=0.5

while True:
    pass


def find_heads(scores, threshold):
    return []
