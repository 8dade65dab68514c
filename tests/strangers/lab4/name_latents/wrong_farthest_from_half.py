"""Broken: 'the latent with the highest AUROC': the one farthest from one half is chosen, which may be upside down."""

import torch
from torch import Tensor


def auroc(latents: Tensor, labels: Tensor) -> Tensor:
    if not labels.any() or labels.all():
        raise ValueError("both tokens of the concept and others are needed")
    positive, negative = latents[labels], latents[~labels].T.contiguous().sort(dim=1).values
    wanted = positive.T.contiguous()
    below = torch.searchsorted(negative, wanted, right=False).sum(dim=1)
    not_above = torch.searchsorted(negative, wanted, right=True).sum(dim=1)
    pairs = wanted.shape[1] * negative.shape[1]
    return ((below + not_above).double() / (2 * pairs)).to(latents.dtype)


def name_latents(
    train_latents: Tensor, train_labels: Tensor, test_latents: Tensor, test_labels: Tensor
) -> dict[str, Tensor]:
    latent, train_auroc, test_auroc = [], [], []
    for train, test in zip(train_labels, test_labels, strict=True):
        scores = auroc(train_latents, train)
        best = (scores - 0.5).abs().argmax()
        latent.append(best)
        train_auroc.append(scores[best])
        test_auroc.append(auroc(test_latents, test)[best])
    return {
        "latent": torch.stack(latent),
        "train_auroc": torch.stack(train_auroc),
        "test_auroc": torch.stack(test_auroc),
    }
