import torch
from jaxtyping import Float, Int
from torch import Tensor


def fit_probe(
    activations: Float[Tensor, "token d"], labels: Int[Tensor, " token"], n_classes: int, ridge: float
) -> tuple[Float[Tensor, "d n_classes"], Float[Tensor, " n_classes"]]:
    """Fit a linear probe by ridge regression on one-hot classes, with a bias that is not punished."""
    if ridge <= 0:
        raise ValueError(f"ridge = {ridge} is not above 0")
    n = len(labels)
    x = activations.double()
    y = (labels[:, None] == torch.arange(n_classes, device=labels.device)).double()
    middle, share = x.mean(dim=0), y.mean(dim=0)
    # Through the singular values: each direction of the activations is damped by s / (s^2 + ridge n).
    left, s, right = torch.linalg.svd(x - middle, full_matrices=False)
    weights = right.T @ ((s / (s.square() + ridge * n))[:, None] * (left.T @ (y - share)))
    bias = share - middle @ weights
    return weights.to(activations.dtype), bias.to(activations.dtype)


def probe_control(
    train: Float[Tensor, "train d"],
    train_labels: Int[Tensor, " train"],
    train_words: Int[Tensor, " train"],
    test: Float[Tensor, "test d"],
    test_labels: Int[Tensor, " test"],
    test_words: Int[Tensor, " test"],
    control: Int[Tensor, " n_words"],
    n_classes: int,
    ridge: float,
) -> dict[str, float]:
    """Judge a probe on held-out tokens, beside a probe of the same kind on a control task."""

    def share_right(seen: Tensor, asked: Tensor) -> float:
        weights, bias = fit_probe(train, seen, n_classes, ridge)
        answers = torch.addmm(bias, test, weights).max(dim=1).indices
        return int((answers == asked).sum()) / len(asked)

    accuracy = share_right(train_labels, test_labels)
    by_heart = share_right(control[train_words], control[test_words])
    return {"accuracy": accuracy, "control_accuracy": by_heart, "selectivity": accuracy - by_heart}
