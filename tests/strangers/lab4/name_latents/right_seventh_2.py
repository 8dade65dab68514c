# RIGHT: counts pairs, one token of the concept at a time; all concepts as a matrix, then gather
import torch
from jaxtyping import Bool, Float
from torch import Tensor


def auroc(latents: Float[Tensor, "token d_sae"], labels: Bool[Tensor, " token"]) -> Float[Tensor, " d_sae"]:
    """Give the AUROC of every latent as a score for a label.

    Source: Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747

    Args:
        latents: activations, shape `[token, d_sae]`.
        labels: which tokens belong to the concept, shape `[token]`.

    Returns:
        For each latent the chance that a token of the concept has a higher activation than another one, equal ones counted
        half; shape `[d_sae]`, of the activations' type.

    Raises:
        ValueError: no token belongs to the concept, or all do.

    """
    n_in = int(labels.sum())
    n_out = labels.numel() - n_in
    if min(n_in, n_out) == 0:
        raise ValueError(f"{n_in} tokens belong to the concept, {n_out} do not")
    others = latents[labels.logical_not()]
    halves = torch.zeros(latents.shape[1], dtype=torch.int64, device=latents.device)
    for place in labels.nonzero().flatten().tolist():
        halves += (latents[place] > others).sum(dim=0)
        halves += (latents[place] >= others).sum(dim=0)
    return (halves.double() / (2 * n_in * n_out)).to(latents.dtype)


def name_latents(
    train_latents: Float[Tensor, "train d_sae"],
    train_labels: Bool[Tensor, "concept train"],
    test_latents: Float[Tensor, "test d_sae"],
    test_labels: Bool[Tensor, "concept test"],
) -> dict[str, Tensor]:
    """Choose a latent for each concept, and judge it on tokens that had no part in the choice.

    Source: Gurnee et al. 2023, https://arxiv.org/abs/2305.01610

    Args:
        train_latents: activations to choose by, shape `[train, d_sae]`.
        train_labels: which of these tokens belong to each concept, shape `[concept, train]`.
        test_latents: activations to judge by, shape `[test, d_sae]`.
        test_labels: which of those tokens belong to each concept, shape `[concept, test]`.

    Returns:
        Three tensors of shape `[concept]`: `latent`, the number of the latent with the highest AUROC on the tokens to
        choose by (the first of several equals); `train_auroc` and `test_auroc`, its AUROC on both sets.

    Raises:
        ValueError: in one of the sets a concept has no token, or all.

    """
    tables = [
        torch.stack([auroc(latents, of_concept) for of_concept in labels])
        for latents, labels in ((train_latents, train_labels), (test_latents, test_labels))
    ]
    best = torch.tensor([row.index(max(row)) for row in tables[0].tolist()], device=train_latents.device)
    judged = [table.gather(1, best.to(table.device)[:, None]).squeeze(1) for table in tables]
    return dict(latent=best, train_auroc=judged[0], test_auroc=judged[1])
