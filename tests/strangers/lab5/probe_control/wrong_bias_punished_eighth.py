# WRONG: appends a column of ones and punishes its weight like the others; promised: 'with a bias that is not punished'
import torch


def fit_probe(activations, labels, n_classes, ridge):
    if ridge <= 0:
        raise ValueError("ridge must be positive")
    n, d = activations.shape
    X = torch.cat([activations, torch.ones(n, 1, dtype=activations.dtype, device=activations.device)], dim=1)
    Y = torch.nn.functional.one_hot(labels, n_classes).to(activations.dtype)
    A = X.T @ X + ridge * n * torch.eye(d + 1, dtype=X.dtype, device=X.device)
    W = torch.linalg.solve(A, X.T @ Y)
    return W[:-1], W[-1]


def probe_control(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    W, b = fit_probe(train, train_labels, n_classes, ridge)
    accuracy = ((test @ W + b).argmax(-1) == test_labels).float().mean().item()
    W, b = fit_probe(train, control[train_words], n_classes, ridge)
    control_accuracy = ((test @ W + b).argmax(-1) == control[test_words]).float().mean().item()
    return {
        "accuracy": accuracy,
        "control_accuracy": control_accuracy,
        "selectivity": accuracy - control_accuracy,
    }
