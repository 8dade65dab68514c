"""Right and wrong ways of logistic_gradient."""

import torch

from mechgrade.authoring.variants import accepted, misconception


@accepted
def by_autograd(x, labels, weight, bias):
    """PyTorch's own gradient."""
    w = weight.detach().clone().requires_grad_()
    b = torch.tensor(bias, dtype=x.dtype, device=x.device, requires_grad=True)
    with torch.enable_grad():
        loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, labels.to(x.dtype))
        return torch.autograd.grad(loss, [w, b])


@accepted
def by_loop(x, labels, weight, bias):
    """One item after the other, in float64."""
    for_weight, for_bias = torch.zeros_like(weight, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for row, label in zip(x.double(), labels, strict=True):
        error = 1 / (1 + torch.exp(-(row @ weight.double() + bias))) - label
        for_weight += error * row / len(x)
        for_bias += error / len(x)
    return for_weight.to(x.dtype), for_bias.to(x.dtype)


@misconception("You forgot the sigmoid: the error is the probability minus the label, not the score minus the label.")
def without_sigmoid(x, labels, weight, bias):
    error = x @ weight + bias - labels
    return x.T @ error / len(x), error.mean()


@misconception(
    "Your signs are turned around: this direction makes the loss larger. The error is the probability minus the label."
)
def other_sign(x, labels, weight, bias):
    error = labels - torch.sigmoid(x @ weight + bias)
    return x.T @ error / len(x), error.mean()


@misconception("You sum over the items where the loss is their mean, so your gradient grows with the number of items.")
def summed(x, labels, weight, bias):
    error = torch.sigmoid(x @ weight + bias) - labels
    return x.T @ error, error.sum()


@misconception("You leave the bias out of the score. It belongs inside the sigmoid.")
def without_bias(x, labels, weight, bias):
    error = torch.sigmoid(x @ weight) - labels
    return x.T @ error / len(x), error.mean()


@misconception(
    "You multiply the error by p (1 - p). That is the gradient of the squared error, not of the logistic loss."
)
def of_squared_error(x, labels, weight, bias):
    p = torch.sigmoid(x @ weight + bias)
    error = (p - labels) * p * (1 - p)
    return x.T @ error / len(x), error.mean()
