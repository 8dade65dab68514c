import torch
from jaxtyping import Bool, Float
from torch import Tensor


def auroc(latents: Float[Tensor, "token d_sae"], labels: Bool[Tensor, " token"]) -> Float[Tensor, " d_sae"]:
    """Give the AUROC of every latent as a score for a label."""
    inside, outside = latents[labels], latents[~labels]
    if len(inside) == 0 or len(outside) == 0:
        raise ValueError("the concept needs a token, and there must be another token beside it")
    # Of the sorted others: how many are below (strictly), and how many are not above. Half of both is the count with ties.
    ordered = outside.T.contiguous().sort(dim=1).values
    asked = inside.T.contiguous()
    below = torch.searchsorted(ordered, asked, right=False).sum(dim=1)
    not_above = torch.searchsorted(ordered, asked, right=True).sum(dim=1)
    return ((below + not_above).double() / (2 * len(inside) * len(outside))).to(latents.dtype)


def name_latents(
    train_latents: Float[Tensor, "train d_sae"],
    train_labels: Bool[Tensor, "concept train"],
    test_latents: Float[Tensor, "test d_sae"],
    test_labels: Bool[Tensor, "concept test"],
) -> dict[str, Tensor]:
    """Choose a latent for each concept, and judge it on tokens that had no part in the choice."""
    n_concepts = len(train_labels)
    latent = torch.zeros(n_concepts, dtype=torch.long, device=train_latents.device)
    train_auroc = train_latents.new_zeros(n_concepts)
    test_auroc = test_latents.new_zeros(n_concepts)
    for concept in range(n_concepts):
        scores = auroc(train_latents, train_labels[concept])
        winner = int((scores == scores.max()).nonzero()[0, 0])
        latent[concept] = winner
        train_auroc[concept] = scores[winner]
        test_auroc[concept] = auroc(test_latents[:, [winner]], test_labels[concept])[0]
    return {"latent": latent, "train_auroc": train_auroc, "test_auroc": test_auroc}
