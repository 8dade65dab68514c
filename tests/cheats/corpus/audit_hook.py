"""An audit hook, which nothing can take away again, raises at whatever is opened or compiled."""
# expect: wrong or raised or crashed
# levels: full

import sys


def hook(event, args):
    if event in ("import", "compile", "open"):
        raise RuntimeError(event)


sys.addaudithook(hook)


def find_heads(scores, threshold):
    return [(50, 50)]
