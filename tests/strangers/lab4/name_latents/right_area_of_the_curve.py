"""Road: the curve itself, one latent at a time: shares of both kinds at or above each threshold, and the trapezoid
rule."""

import torch
from torch import Tensor


def auroc(latents: Tensor, labels: Tensor) -> Tensor:
    if labels.sum() in (0, len(labels)):
        raise ValueError("AUROC needs tokens of both kinds")

    def area(values: Tensor) -> Tensor:
        _, group = torch.unique(values, return_inverse=True)
        steps = int(group.max()) + 1
        hits = torch.bincount(group[labels], minlength=steps).double().flip(0).cumsum(0)
        false = torch.bincount(group[~labels], minlength=steps).double().flip(0).cumsum(0)
        start = hits.new_zeros(1)
        return torch.trapezoid(torch.cat([start, hits]), torch.cat([start, false])) / (hits[-1] * false[-1])

    return torch.stack([area(column) for column in latents.unbind(dim=1)]).to(latents.dtype)


def name_latents(
    train_latents: Tensor, train_labels: Tensor, test_latents: Tensor, test_labels: Tensor
) -> dict[str, Tensor]:
    n = len(train_labels)
    result = {
        "latent": torch.zeros(n, dtype=torch.int64, device=train_latents.device),
        "train_auroc": train_latents.new_zeros(n),
        "test_auroc": test_latents.new_zeros(n),
    }
    for concept in range(n):
        train = auroc(train_latents, train_labels[concept])
        test = auroc(test_latents, test_labels[concept])
        latent = train.argmax()
        for name, value in zip(result, (latent, train[latent], test[latent]), strict=True):
            result[name][concept] = value
    return result
