"""Finds all norms from small matrices in the heads' own spaces, without a product as wide as the stream."""

import numpy as np
import torch


def composition_scores(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    def norms(left, middle, right):
        inner = torch.einsum("...ji,...jk->...ik", left, left)
        outer = torch.einsum("...ij,...kj->...ik", right, right)
        return torch.einsum("...il,...ij,...jk,...lk->...", inner, middle, outer, middle).clamp(min=0).sqrt()

    dtype, device = early_W_V.dtype, early_W_V.device
    unit = torch.eye(early_W_V.shape[-1], dtype=torch.float64, device=device)
    value, output = early_W_V.double(), early_W_O.double()
    first = norms(value, unit, output)
    scores = {}
    for kind, reads, writes in (
        ("Q", late_W_Q, late_W_K.transpose(-1, -2)),
        ("K", late_W_K, late_W_Q.transpose(-1, -2)),
        ("V", late_W_V, late_W_O),
    ):
        left, right = reads.double(), writes.double()
        meeting = torch.einsum("ehm,lmk->elhk", output, left)
        both = norms(value[:, None], meeting, right[None])
        second = norms(left, torch.eye(left.shape[-1], dtype=torch.float64, device=device), right)
        scores[kind] = (both / torch.outer(first, second)).to(dtype)
    return scores


def random_baseline(d_model, d_head, samples, seed):
    source = np.random.Generator(np.random.PCG64(seed))
    scores = np.empty(samples)
    for number in range(samples):
        a, b = (source.standard_normal((d_model, d_head)) @ source.standard_normal((d_head, d_model)) for _ in "ab")
        scores[number] = np.linalg.norm(a @ b) / np.linalg.norm(a) / np.linalg.norm(b)
    return float(scores.mean())
