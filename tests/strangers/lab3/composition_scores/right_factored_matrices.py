"""Lets the library's factored matrices do the products and their norms, which come from singular values."""

import torch
from transformer_lens import FactoredMatrix


def size(matrix):
    return matrix.S.square().sum(dim=-1).sqrt()


def composition_scores(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    writes = FactoredMatrix(early_W_V, early_W_O)
    reads = {
        "Q": FactoredMatrix(late_W_Q, late_W_K.mT),
        "K": FactoredMatrix(late_W_K, late_W_Q.mT),
        "V": FactoredMatrix(late_W_V, late_W_O),
    }
    scores = {}
    for kind, read in reads.items():
        product = FactoredMatrix(writes.A.unsqueeze(1), writes.B.unsqueeze(1) @ read.A @ read.B)
        scores[kind] = size(product) / torch.outer(size(writes), size(read))
    return scores


def random_baseline(d_model, d_head, samples, seed):
    source = torch.Generator()
    source.manual_seed(seed)
    total = 0.0
    for _ in range(samples):
        tall = torch.randn(2, d_model, d_head, generator=source)
        wide = torch.randn(2, d_head, d_model, generator=source)
        both = FactoredMatrix(tall[0], wide[0] @ tall[1] @ wide[1])
        total += float(size(both) / size(FactoredMatrix(tall, wide)).prod())
    return total / samples
