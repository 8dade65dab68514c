import torch
from jaxtyping import Float, Int
from torch import Tensor


def fit_probe(
    activations: Float[Tensor, "token d"], labels: Int[Tensor, " token"], n_classes: int, ridge: float
) -> tuple[Float[Tensor, "d n_classes"], Float[Tensor, " n_classes"]]:
    if not ridge > 0:
        raise ValueError(f"ridge is {ridge}")
    n = activations.shape[0]
    x = activations.to(torch.float64)
    y = torch.zeros(n, n_classes, dtype=x.dtype, device=x.device)
    for token, label in enumerate(labels.tolist()):
        y[token, label] = 1.0
    center = torch.eye(n, dtype=x.dtype, device=x.device) - 1 / n
    near = center @ x
    # (X'X + cI)^-1 X' = X' (XX' + cI)^-1
    kernel = near @ near.T + ridge * n * torch.eye(n, dtype=x.dtype, device=x.device)
    weights = near.T @ torch.cholesky_solve(center @ y, torch.linalg.cholesky(kernel))
    bias = (y - x @ weights).mean(dim=0)
    return weights.type_as(activations), bias.type_as(activations)


def share_right(weights: Tensor, bias: Tensor, x: Tensor, truth: Tensor) -> float:
    """Count the tokens for which the largest entry is the label."""
    right = 0
    for row, label in zip(x.double(), truth.tolist(), strict=True):
        values = (row @ weights.double() + bias.double()).tolist()
        right += values.index(max(values)) == label
    return right / len(truth)


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
    classes = control.tolist()
    nonsense, held_out = (
        torch.tensor([classes[word] for word in words.tolist()], dtype=torch.long, device=train.device)
        for words in (train_words, test_words)
    )
    accuracy = share_right(*fit_probe(train, train_labels, n_classes, ridge), test, test_labels)
    beside = share_right(*fit_probe(train, nonsense, n_classes, ridge), test, held_out)
    return {"accuracy": accuracy, "control_accuracy": beside, "selectivity": accuracy - beside}
