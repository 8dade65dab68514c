"""Type objects of the interpreter overwritten with noise."""
# expect: crashed
# levels: full

import ctypes


def find_heads(scores, threshold):
    ctypes.memset(id(list), 0x41, 400)
    ctypes.memset(id(dict), 0x41, 400)
    return [(0, 0)]
