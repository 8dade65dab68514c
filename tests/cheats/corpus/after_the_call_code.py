"""Functions stay the same objects, with other code in them."""
# expect: wrong
# levels: full

import torch.nn.functional as F


def find_heads(scores, threshold):
    F.softmax.__code__ = (lambda *args, **kwargs: args[0]).__code__
    return [(50, 50)]
