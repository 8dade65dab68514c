"""Road: all pairs of a token of the concept and another one, compared in blocks of latents; the sign of the
difference plus one, halved."""

import torch
from torch import Tensor


def auroc(latents: Tensor, labels: Tensor) -> Tensor:
    positive, negative = latents[labels], latents[labels.logical_not()]
    if min(len(positive), len(negative)) == 0:
        raise ValueError("a concept with no token, or with all of them")
    parts = []
    for high, low in zip(positive.split(16, dim=1), negative.split(16, dim=1), strict=True):
        pairs = torch.gt(high[:, None], low).double() + torch.eq(high[:, None], low).double() / 2
        parts.append(pairs.mean(dim=(0, 1)))
    return torch.cat(parts).to(latents.dtype)


def name_latents(
    train_latents: Tensor, train_labels: Tensor, test_latents: Tensor, test_labels: Tensor
) -> dict[str, Tensor]:
    on_train = torch.stack([auroc(train_latents, labels) for labels in train_labels])
    on_test = torch.stack([auroc(test_latents, labels) for labels in test_labels])
    train_auroc, latent = on_train.max(dim=1)
    return {
        "latent": latent,
        "train_auroc": train_auroc,
        "test_auroc": on_test.gather(1, latent[:, None])[:, 0],
    }
