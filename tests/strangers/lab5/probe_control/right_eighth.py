# RIGHT: correct in every promise
import torch


def fit_probe(activations, labels, n_classes, ridge):
    if ridge <= 0:
        raise ValueError("ridge must be above 0")
    x = activations.double()
    y = torch.eye(n_classes, dtype=torch.double, device=x.device)[labels]
    x_mean, y_mean = x.mean(dim=0), y.mean(dim=0)
    # ridge regression is least squares with d further rows: each weight should be 0
    further = (ridge * len(x)) ** 0.5 * torch.eye(x.shape[1], dtype=torch.double, device=x.device)
    left = torch.cat([x - x_mean, further])
    right = torch.cat([y - y_mean, y.new_zeros(x.shape[1], n_classes)])
    weights = torch.linalg.lstsq(left, right).solution
    return weights.to(activations.dtype), (y_mean - x_mean @ weights).to(activations.dtype)


def probe_control(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    def accuracy(fit_to, judge_by):
        weights, bias = fit_probe(train, fit_to, n_classes, ridge)
        return (test @ weights + bias).argmax(dim=1).eq(judge_by).double().mean().item()

    real = accuracy(train_labels, test_labels)
    nonsense = accuracy(control[train_words], control[test_words])
    return {"accuracy": real, "control_accuracy": nonsense, "selectivity": real - nonsense}
