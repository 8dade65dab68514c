"""Wrong: the bias forgets the activations' mean."""

import torch


def fit_probe(activations, labels, n_classes, ridge):
    if not ridge > 0:
        raise ValueError("ridge must be positive")
    n, d = activations.shape
    targets = torch.zeros(n, n_classes, dtype=activations.dtype, device=activations.device)
    targets[torch.arange(n), labels] = 1
    middle = activations.mean(0)
    x = activations - middle
    gram = x.T @ x + ridge * n * torch.eye(d, dtype=x.dtype, device=x.device)
    weights = torch.linalg.inv(gram) @ x.T @ targets
    return weights, targets.mean(0)


def probe_control(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    weights, bias = fit_probe(train, train_labels, n_classes, ridge)
    accuracy = ((test @ weights + bias).argmax(-1) == test_labels).float().mean().item()
    weights, bias = fit_probe(train, control[train_words], n_classes, ridge)
    other = ((test @ weights + bias).argmax(-1) == control[test_words]).float().mean().item()
    return {"accuracy": accuracy, "control_accuracy": other, "selectivity": accuracy - other}
