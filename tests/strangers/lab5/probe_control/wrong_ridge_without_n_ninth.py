# WRONG: λ is not multiplied by the number of tokens; promised: '$$W = \big(\tilde X^\top \tilde X + \lambda\, n\, I\big)^{-1}\, \tilde X^\top \tilde Y'
import torch
from jaxtyping import Float, Int
from torch import Tensor


def fit_probe(
    activations: Float[Tensor, "token d"], labels: Int[Tensor, " token"], n_classes: int, ridge: float
) -> tuple[Float[Tensor, "d n_classes"], Float[Tensor, " n_classes"]]:
    """Fit a linear probe by ridge regression on one-hot classes, with a bias that is not punished."""
    if ridge <= 0:
        raise ValueError("ridge must be above 0")
    n, d = activations.shape
    Y = torch.nn.functional.one_hot(labels, n_classes).to(activations.dtype)
    x_mean, y_mean = activations.mean(dim=0), Y.mean(dim=0)
    X = activations - x_mean
    Y = Y - y_mean
    gram = X.T @ X + ridge * torch.eye(d, dtype=X.dtype)
    W = torch.linalg.solve(gram, X.T @ Y)
    return W, y_mean - x_mean @ W


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
    W, b = fit_probe(train, train_labels, n_classes, ridge)
    accuracy = ((test @ W + b).argmax(dim=1) == test_labels).double().mean().item()
    W, b = fit_probe(train, control[train_words], n_classes, ridge)
    control_accuracy = ((test @ W + b).argmax(dim=1) == control[test_words]).double().mean().item()
    return {"accuracy": accuracy, "control_accuracy": control_accuracy, "selectivity": accuracy - control_accuracy}
