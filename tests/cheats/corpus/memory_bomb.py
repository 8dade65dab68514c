"""Memory without end."""
# expect: out_of_memory
# limits: memory_mb=300
# lasts: perhaps


def find_heads(scores, threshold):
    hoard = []
    while True:
        hoard.append(bytearray(16 << 20))
