# Breaks: `Train a second probe of the same kind on these nonsense labels.` (the first probe is judged on the control labels)
import torch
from jaxtyping import Float, Int
from torch import Tensor


def fit_probe(
    activations: Float[Tensor, "token d"], labels: Int[Tensor, " token"], n_classes: int, ridge: float
) -> tuple[Float[Tensor, "d n_classes"], Float[Tensor, " n_classes"]]:
    if ridge <= 0:
        raise ValueError("ridge must be above 0")
    x = activations.double()
    y = torch.nn.functional.one_hot(labels.long(), n_classes).double()
    x_mean, y_mean = x.mean(dim=0), y.mean(dim=0)
    n, d = x.shape
    inner = (x - x_mean).T @ (x - x_mean) + ridge * n * torch.eye(d, dtype=x.dtype, device=x.device)
    weights = torch.linalg.solve(inner, (x - x_mean).T @ (y - y_mean))
    bias = y_mean - x_mean @ weights
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
    found = {}
    tasks = {
        "accuracy": (train_labels, test_labels),
        "control_accuracy": (control[train_words.long()], control[test_words.long()]),
    }
    weights, bias = fit_probe(train, train_labels, n_classes, ridge)
    for name, (_, truth) in tasks.items():
        guess = (test.double() @ weights.double() + bias.double()).argmax(dim=-1)
        found[name] = (guess == truth).double().mean().item()
    found["selectivity"] = found["accuracy"] - found["control_accuracy"]
    return found
