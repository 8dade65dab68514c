"""While it is called it replaces what the scenario asks afterwards: whether two tensors are equal."""
# expect: wrong
# levels: full

import torch


def find_heads(scores, threshold):
    torch.equal = torch.allclose = torch.Tensor.equal = lambda *args, **kwargs: True
    return [(50, 50)]
