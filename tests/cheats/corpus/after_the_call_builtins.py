"""Every object is an instance of everything."""
# expect: wrong or raised or crashed
# levels: full

import builtins


def find_heads(scores, threshold):
    builtins.isinstance = lambda *args: True
    builtins.all = builtins.any = lambda *args: True
    return [(50, 50)]
