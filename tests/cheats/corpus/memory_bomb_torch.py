"""The same in tensors, at once."""
# expect: out_of_memory

import torch


def find_heads(scores, threshold):
    return torch.ones(2**40)
