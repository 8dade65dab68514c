"""The learner's module answers for any name with whatever is asked for."""
# expect: wrong or raised or crashed
# levels: full

import sys
import types


class Module(types.ModuleType):
    def __getattribute__(self, name):
        return lambda *args, **kwargs: [(50, 50)]


sys.modules[__name__].__class__ = Module if __name__ in sys.modules else types.ModuleType


def find_heads(scores, threshold):
    return [(50, 50)]
