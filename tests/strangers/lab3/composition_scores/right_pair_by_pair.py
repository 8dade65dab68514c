"""Scores one pair of heads after another with a small helper that serves the baseline, too."""

import torch


def comp(a, b):
    return torch.sqrt((a @ b).pow(2).sum()) / torch.sqrt(a.pow(2).sum()) / torch.sqrt(b.pow(2).sum())


def composition_scores(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    shape = (early_W_V.shape[0], late_W_V.shape[0])
    scores = {kind: early_W_V.new_empty(shape) for kind in "QKV"}
    for e in range(shape[0]):
        a = early_W_V[e] @ early_W_O[e]
        for n in range(shape[1]):
            scores["Q"][e, n] = comp(a, late_W_Q[n] @ late_W_K[n].T)
            scores["K"][e, n] = comp(a, late_W_K[n] @ late_W_Q[n].T)
            scores["V"][e, n] = comp(a, late_W_V[n] @ late_W_O[n])
    return scores


def random_baseline(d_model, d_head, samples, seed):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        tall = torch.randn(samples, 2, d_model, d_head, dtype=torch.float64)
        wide = torch.randn(samples, 2, d_head, d_model, dtype=torch.float64)
    return float(sum(comp(*(left @ right)) for left, right in zip(tall, wide, strict=True)) / samples)
