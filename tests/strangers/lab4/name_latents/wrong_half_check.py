# WRONG: only a concept without a token is refused; where all tokens belong to it the result is not a number; promised: 'no token belongs to the concept, or all do'
import torch
from jaxtyping import Bool, Float
from torch import Tensor


def auroc(latents: Float[Tensor, "token d_sae"], labels: Bool[Tensor, " token"]) -> Float[Tensor, " d_sae"]:
    """Give the AUROC of every latent as a score for a label."""
    if not labels.any():
        raise ValueError("a concept must have some tokens, and not all")
    positive = latents[labels]
    negative = latents[~labels]
    above = (positive[:, None] > negative[None]).sum(dim=(0, 1))
    equal = (positive[:, None] == negative[None]).sum(dim=(0, 1))
    count = above.double() + 0.5 * equal.double()
    return (count / (len(positive) * len(negative))).to(latents.dtype)


def name_latents(
    train_latents: Float[Tensor, "train d_sae"],
    train_labels: Bool[Tensor, "concept train"],
    test_latents: Float[Tensor, "test d_sae"],
    test_labels: Bool[Tensor, "concept test"],
) -> dict[str, Tensor]:
    """Choose a latent for each concept, and judge it on tokens that had no part in the choice."""
    train = torch.stack([auroc(train_latents, labels) for labels in train_labels])
    test = torch.stack([auroc(test_latents, labels) for labels in test_labels])
    chosen = train.argmax(dim=1)
    rows = torch.arange(len(chosen))
    return {"latent": chosen, "train_auroc": train[rows, chosen], "test_auroc": test[rows, chosen]}
