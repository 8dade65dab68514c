"""Road: a singular value decomposition of the centred activations."""

import torch


def fit_probe(activations, labels, n_classes, ridge):
    if ridge <= 0:
        raise ValueError(f"{ridge} is not above 0")
    targets = (labels[:, None] == torch.arange(n_classes, device=labels.device)).to(activations.dtype)
    mean_x, mean_y = activations.mean(0, keepdim=True), targets.mean(0, keepdim=True)
    u, s, vt = torch.linalg.svd(activations - mean_x, full_matrices=False)
    shrunk = s / (s**2 + ridge * len(labels))
    weights = vt.T @ (shrunk[:, None] * (u.T @ (targets - mean_y)))
    return weights, (mean_y - mean_x @ weights)[0]


def probe_control(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    found = {}
    tasks = {
        "accuracy": (train_labels, test_labels),
        "control_accuracy": (control[train_words], control[test_words]),
    }
    for name, (labels, truth) in tasks.items():
        weights, bias = fit_probe(train, labels, n_classes, ridge)
        right = torch.argmax(test @ weights + bias, dim=1).eq(truth)
        found[name] = int(right.sum()) / len(truth)
    found["selectivity"] = found["accuracy"] - found["control_accuracy"]
    return found
