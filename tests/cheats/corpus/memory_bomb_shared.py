"""The same in shared mappings, which a limit on private memory does not count."""
# expect: raised or out_of_memory
# limits: memory_mb=300

import mmap


def find_heads(scores, threshold):
    hoard = []
    while True:
        hoard.append(mmap.mmap(-1, 256 << 20))
