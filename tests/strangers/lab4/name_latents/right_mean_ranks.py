"""Road: the rank sum of Mann and Whitney, with scipy's mean ranks for ties."""

import torch
from scipy.stats import rankdata
from torch import Tensor


def auroc(latents: Tensor, labels: Tensor) -> Tensor:
    n_plus = int(labels.sum())
    n_minus = labels.numel() - n_plus
    if n_plus == 0 or n_minus == 0:
        raise ValueError(f"{n_plus} tokens of the concept and {n_minus} others")
    ranks = torch.from_numpy(rankdata(latents.detach().cpu().numpy(), axis=0)).to(latents.device)
    wins = ranks[labels].sum(dim=0) - n_plus * (n_plus + 1) / 2
    return (wins / (n_plus * n_minus)).to(latents.dtype)


def name_latents(
    train_latents: Tensor, train_labels: Tensor, test_latents: Tensor, test_labels: Tensor
) -> dict[str, Tensor]:
    rows = []
    for concept in range(train_labels.shape[0]):
        chosen_by = auroc(latents=train_latents, labels=train_labels[concept])
        number = int((chosen_by == chosen_by.max()).nonzero()[0])
        judged = auroc(latents=test_latents[:, [number]], labels=test_labels[concept])
        rows.append((number, chosen_by[number], judged[0]))
    numbers, train, test = zip(*rows, strict=True)
    return {
        "latent": torch.tensor(numbers, device=train_latents.device),
        "train_auroc": torch.stack(train),
        "test_auroc": torch.stack(test),
    }
