"""Broken: 'equal ones counted half': equal activations get ranks in the order of the tokens."""

import torch
from torch import Tensor


def auroc(latents: Tensor, labels: Tensor) -> Tensor:
    if not labels.any() or labels.all():
        raise ValueError("both tokens of the concept and others are needed")
    ranks = latents.argsort(dim=0, stable=True).argsort(dim=0).double() + 1
    n_plus = labels.sum()
    wins = ranks[labels].sum(dim=0) - n_plus * (n_plus + 1) / 2
    return (wins / (n_plus * (~labels).sum())).to(latents.dtype)


def name_latents(
    train_latents: Tensor, train_labels: Tensor, test_latents: Tensor, test_labels: Tensor
) -> dict[str, Tensor]:
    latent, train_auroc, test_auroc = [], [], []
    for train, test in zip(train_labels, test_labels, strict=True):
        scores = auroc(train_latents, train)
        best = scores.argmax()
        latent.append(best)
        train_auroc.append(scores[best])
        test_auroc.append(auroc(test_latents, test)[best])
    return {
        "latent": torch.stack(latent),
        "train_auroc": torch.stack(train_auroc),
        "test_auroc": torch.stack(test_auroc),
    }
