# Breaks: `with a bias that is not punished` (a column of ones is added and punished like the weights)
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
    n = len(x)
    x = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    inner = x.T @ x + ridge * n * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    both = torch.linalg.solve(inner, x.T @ y)
    weights, bias = both[:-1], both[-1]
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
    for name, (known, truth) in tasks.items():
        weights, bias = fit_probe(train, known, n_classes, ridge)
        guess = (test.double() @ weights.double() + bias.double()).argmax(dim=-1)
        found[name] = (guess == truth).double().mean().item()
    found["selectivity"] = found["accuracy"] - found["control_accuracy"]
    return found
