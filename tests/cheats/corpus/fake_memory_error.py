"""A claim of having run out of memory is a claim only: it earns nothing."""
# expect: out_of_memory
# levels: full


def find_heads(scores, threshold):
    raise MemoryError
