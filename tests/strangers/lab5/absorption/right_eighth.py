# RIGHT: correct in every promise
from itertools import pairwise

import torch


def cosines(W_dec, directions):
    """Give the cosine similarity of every decoder row with every direction."""
    rows, columns = (torch.nn.functional.normalize(vectors, dim=1) for vectors in (W_dec, directions))
    return rows @ columns.T


def batch_topk(before, k):
    if k < 0:
        raise ValueError("k is negative")
    number = min(k * len(before), before.numel())
    winners = before.flatten().argsort(descending=True)[:number]
    kept = torch.zeros(before.numel(), dtype=torch.bool, device=before.device)
    kept[winners] = True
    return torch.where(kept.view(before.shape) & (before > 0), before, torch.zeros_like(before))


def matryoshka_loss(x, latents, W_dec, b_dec, prefixes):
    edges = [0, *prefixes]
    if len(edges) < 2 or any(a >= b for a, b in pairwise(edges)) or edges[-1] != latents.shape[1]:
        raise ValueError("the prefixes must rise from at least 1 to the number of latents")
    rest, total = x - b_dec, 0.0
    for a, b in pairwise(edges):
        rest = rest - latents[:, a:b] @ W_dec[a:b]  # what the prefix of b latents leaves unexplained
        total = total + rest.square().sum(dim=1).mean()
    return total


def match_latents(W_dec, directions):
    return cosines(W_dec, directions).max(dim=0).indices


def absorption(latents, active, W_dec, directions, parents, level):
    similar = cosines(W_dec, directions)
    stands_for = match_latents(W_dec, directions).tolist()
    rates = {}
    for child, parent in enumerate(parents):
        if parent is None:
            continue
        own, other = stands_for[child], stands_for[parent]
        here = latents[active[:, child].bool()]
        absorbed = (here[:, other] == 0) & (here[:, own] > 0) & (similar[own, parent] >= level)
        rates[child] = absorbed.sum().item() / max(len(here), 1)
    return rates
