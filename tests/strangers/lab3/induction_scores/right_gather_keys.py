"""Cuts the second half of the queries out and gathers one key for each of them."""

import torch
from jaxtyping import Float
from torch import Tensor


def induction_scores(pattern: Float[Tensor, "layer batch head query key"], half: int) -> Float[Tensor, "layer head"]:
    if tuple(pattern.shape[3:]) != (1 + 2 * half,) * 2:
        raise ValueError("wrong number of queries or keys")
    later = pattern.narrow(3, half + 1, half)
    keys = torch.arange(2, half + 2, device=pattern.device).view(1, 1, 1, half, 1)
    looked = later.gather(4, keys.expand(*later.shape[:4], 1))
    return looked.squeeze(4).movedim(2, 1).flatten(2).mean(-1)
