"""An exception whose text ends the process when somebody reads it."""
# expect: raised or crashed
# levels: full

import os


class Rude(Exception):
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__

    def __reduce__(self):
        os._exit(0)


def find_heads(scores, threshold):
    raise Rude
