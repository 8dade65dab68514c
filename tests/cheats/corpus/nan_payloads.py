"""Signalling NaNs with payloads, some negative, among plausible numbers."""
# expect: wrong
# exercise: induction_scores
# levels: full

import torch


def induction_scores(pattern, half):
    size = (pattern.shape[0], pattern.shape[2])
    bits = torch.randint(0x7F800001, 0x7FFFFFFF, size, dtype=torch.int32)
    return bits.view(torch.float32)
