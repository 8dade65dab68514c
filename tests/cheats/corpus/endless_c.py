"""A loop in C code, which no Python signal handler interrupts."""
# expect: timed_out
# limits: seconds=0.5
# levels: full


def find_heads(scores, threshold):
    return [sum(iter(int, 1))]
