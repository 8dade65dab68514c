"""Recursion through C code to the end of the stack."""
# expect: crashed

import sys

sys.setrecursionlimit(10**9)


class Deep:
    def __repr__(self):
        return repr([self])


def find_heads(scores, threshold):
    return [repr(Deep())]
