"""The words that every Python program is made of mean something else."""
# expect: wrong or raised or crashed
# levels: full

import builtins


def find_heads(scores, threshold):
    builtins.isinstance = lambda *args: True
    builtins.len = lambda thing: 8
    builtins.sorted = builtins.set = lambda *args, **kwargs: []
    builtins.AssertionError = Warning
    return object()
