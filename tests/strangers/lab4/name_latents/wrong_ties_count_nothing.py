# WRONG: only strictly higher activations count ("Equal activations count half"; "A latent that never fires has exactly ½")
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
    labels = labels.bool()
    inside, outside = latents[labels], latents[~labels]
    if len(inside) == 0 or len(outside) == 0:
        raise ValueError("no token belongs to the concept, or all do")
    ordered = outside.T.contiguous().sort(dim=1).values
    asked = inside.T.contiguous()
    below = torch.searchsorted(ordered, asked, right=False)
    not_above = torch.searchsorted(ordered, asked, right=True)
    wins = below.double().sum(dim=1)
    return (wins / (len(inside) * len(outside))).to(latents.dtype)


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
    chosen, train_scores, test_scores = [], [], []
    for train, test in zip(train_labels, test_labels, strict=True):
        on_train = auroc(train_latents, train)
        on_test = auroc(test_latents, test)
        best = (on_train == on_train.max()).nonzero()[0, 0]
        chosen.append(best)
        train_scores.append(on_train[best])
        test_scores.append(on_test[best])
    return {
        "latent": torch.stack(chosen),
        "train_auroc": torch.stack(train_scores),
        "test_auroc": torch.stack(test_scores),
    }
