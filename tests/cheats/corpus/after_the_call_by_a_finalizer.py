"""An object that is dropped after the call replaces what comes then."""
# expect: wrong or raised
# levels: full

import torch


class Last:
    def __del__(self):
        torch.equal = torch.allclose = lambda *args, **kwargs: True


def find_heads(scores, threshold):
    scores.last = Last()
    return [(50, 50)]
