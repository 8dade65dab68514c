"""Shared memory by another name: the device that is all zeros."""
# expect: raised or out_of_memory
# limits: memory_mb=300

import mmap


def find_heads(scores, threshold):
    hoard = []
    while True:
        with open("/dev/zero", "r+b") as file:
            hoard.append(mmap.mmap(file.fileno(), 256 << 20))
