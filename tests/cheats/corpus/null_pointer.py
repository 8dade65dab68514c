"""A read from address zero."""
# expect: crashed

import ctypes


def find_heads(scores, threshold):
    return ctypes.string_at(0)
