# WRONG: judges the control probe on the tokens that it was fitted on; promised: `control_accuracy`, 'the same for the control task', the share of test tokens
import torch


def fit_probe(activations, labels, n_classes, ridge):
    if ridge <= 0:
        raise ValueError("ridge must be positive")
    n, d = activations.shape
    Y = torch.nn.functional.one_hot(labels, n_classes).to(activations.dtype)
    x_mean, y_mean = activations.mean(0), Y.mean(0)
    X, Y = activations - x_mean, Y - y_mean
    W = torch.linalg.solve(X.T @ X + ridge * n * torch.eye(d, dtype=X.dtype, device=X.device), X.T @ Y)
    return W, y_mean - x_mean @ W


def probe_control(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    W, b = fit_probe(train, train_labels, n_classes, ridge)
    accuracy = ((test @ W + b).argmax(-1) == test_labels).float().mean().item()
    W, b = fit_probe(train, control[train_words], n_classes, ridge)
    control_accuracy = ((train @ W + b).argmax(-1) == control[train_words]).float().mean().item()
    return {
        "accuracy": accuracy,
        "control_accuracy": control_accuracy,
        "selectivity": accuracy - control_accuracy,
    }
