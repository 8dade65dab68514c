# WRONG: ranks the tokens with argsort, so equal activations get ranks by their order; promised: 'equal ones counted half'
import torch


def auroc(latents, labels):
    n_pos = int(labels.sum())
    n_neg = len(labels) - n_pos
    if n_pos == 0 or n_neg == 0:
        raise ValueError("need both classes")
    ranks = latents.argsort(dim=0, stable=True).argsort(dim=0) + 1
    rank_sum = ranks[labels].sum(0).double()
    return ((rank_sum - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg)).to(latents.dtype)


def name_latents(train_latents, train_labels, test_latents, test_labels):
    rows = []
    for train, test in zip(train_labels, test_labels, strict=True):
        scores, held_out = auroc(train_latents, train), auroc(test_latents, test)
        best = (scores == scores.max()).nonzero()[0, 0]
        rows.append((best, scores[best], held_out[best]))
    latent, chosen, judged = (torch.stack(column) for column in zip(*rows, strict=True))
    return {"latent": latent, "train_auroc": chosen, "test_auroc": judged}
