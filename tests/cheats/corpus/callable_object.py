"""Not a function but an object that can be called, so that nothing guards it."""
# expect: wrong or raised
# levels: full

import torch


class Heads:
    def __call__(self, scores, threshold):
        scores.zero_()
        torch.equal = lambda *args: True
        return []


find_heads = Heads()
