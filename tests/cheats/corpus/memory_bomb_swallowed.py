"""The same, trying again for ever."""
# expect: timed_out
# limits: seconds=0.5 memory_mb=200


def find_heads(scores, threshold):
    hoard = []
    while True:
        try:
            hoard.append(bytearray(32 << 20))
        except MemoryError:
            pass
