"""All the memory of the GPU, kept."""
# expect: out_of_memory
# needs: cuda

import torch

hoard = []


def find_heads(scores, threshold):
    while True:
        hoard.append(torch.empty(2**30, dtype=torch.uint8, device="cuda"))
