"""Broken: 'Ties matter here: a latent is 0 on most tokens': pairs in which both are silent are not counted at all."""

import torch
from torch import Tensor


def auroc(latents: Tensor, labels: Tensor) -> Tensor:
    if not labels.any() or labels.all():
        raise ValueError("both tokens of the concept and others are needed")
    result = []
    for values in latents.T:
        high, low = values[labels][:, None], values[~labels]
        counted = (high > 0) | (low > 0)
        wins = (high > low).double() + 0.5 * (high == low).double()
        result.append((wins * counted).sum() / counted.sum() if counted.any() else wins.new_tensor(0.5))
    return torch.stack(result).to(latents.dtype)


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
