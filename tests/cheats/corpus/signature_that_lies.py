"""The function claims a signature that it does not have."""
# expect: wrong or raised
# levels: full

import inspect


def find_heads(*args, **kwargs):
    return [(50, 50)]


find_heads.__signature__ = inspect.Signature()
find_heads.__wrapped__ = find_heads
