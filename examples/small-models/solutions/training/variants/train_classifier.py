"""Right and wrong ways of train_classifier."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def start(points, hidden, seed):
    """Random weights that want gradients."""
    draw = torch.Generator().manual_seed(seed)
    W, v = torch.randn(2, hidden, generator=draw).to(points), torch.randn(hidden, generator=draw).to(points)
    return [each.requires_grad_() for each in (W, points.new_zeros(hidden), v, points.new_zeros(()))]


def loss_of(weights, points, labels):
    """The logistic loss of the network."""
    scores = torch.tanh(points @ weights[0] + weights[1]) @ weights[2] + weights[3]
    return torch.nn.functional.binary_cross_entropy_with_logits(scores, labels.to(scores))


def trained(weights, points, labels, steps=200, loss=loss_of):
    """The weights after some steps of Adam."""
    optimiser = torch.optim.Adam(weights, lr=0.05)
    with torch.enable_grad():
        for _ in range(steps):
            optimiser.zero_grad()
            loss(weights, points, labels).backward()
            optimiser.step()
    return tuple(weight.detach() for weight in weights)


@accepted
def with_momentum(points, labels, hidden, seed):
    """Plain gradient descent with momentum."""
    weights = start(points, hidden, seed)
    optimiser = torch.optim.SGD(weights, lr=0.3, momentum=0.9)
    with torch.enable_grad():
        for _ in range(300):
            optimiser.zero_grad()
            loss_of(weights, points, labels).backward()
            optimiser.step()
    return tuple(weight.detach() for weight in weights)


@accepted
def in_batches(points, labels, hidden, seed):
    """A start of another scale, and batches of 40 points in a random order."""
    weights = start(points, hidden, seed + 77)
    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(weights, lr=0.03)
    with torch.enable_grad():
        for _ in range(80):
            for batch in torch.randperm(len(points), generator=draw).split(40):
                optimiser.zero_grad()
                loss_of(weights, points[batch], labels[batch]).backward()
                optimiser.step()
    return tuple(weight.detach() for weight in weights)


@accepted(replaces="network_scores")
def unit_by_unit(points, W, c, v, d):
    """A sum over the hidden units."""
    return sum(v[unit] * torch.tanh(points @ W[:, unit] + c[unit]) for unit in range(len(v))) + d


@misconception(
    "Your scores leave the bias `c` of the hidden units out. It belongs inside the tanh.", replaces="network_scores"
)
def without_hidden_bias(points, W, c, v, d):
    return torch.tanh(points @ W + 0 * c) @ v + d


@misconception("Your scores leave the bias `d` out. It moves all scores up or down.", replaces="network_scores")
def without_last_bias(points, W, c, v, d):
    return torch.tanh(points @ W + c) @ v + 0 * d


@misconception(
    "What you return is the start: no step was taken. Is `optimiser.step()` called, and on the tensors that you return?"
)
def never_steps(points, labels, hidden, seed):
    return trained(start(points, hidden, seed), points, labels, steps=0)


@misconception(
    "Your hidden layer has no tanh while it is trained, so the network can only draw a straight line. Put the tanh inside."
)
def without_tanh(points, labels, hidden, seed):
    def linear(weights, points, labels):
        scores = (points @ weights[0] + weights[1]) @ weights[2] + weights[3]
        return torch.nn.functional.binary_cross_entropy_with_logits(scores, labels.to(scores))

    W, c, v, d = trained(start(points, hidden, seed), points, labels, loss=linear)
    return W * 1e-3, c * 1e-3, v * 1e3, d  # tanh is a straight line for small numbers


@misconception("Your classes are exchanged: a positive score should mean class 1.")
def classes_exchanged(points, labels, hidden, seed):
    return trained(start(points, hidden, seed), points, 1 - labels)


@misconception("Two seeds give the same weights. Hand `seed` to the generator that draws the start.")
def ignores_the_seed(points, labels, hidden, seed):
    return trained(start(points, hidden, 0), points, labels)


@misconception(
    "You seed PyTorch's global random state. Draw from a `torch.Generator` of your own, so that the caller's numbers stay."
)
def seeds_globally(points, labels, hidden, seed):
    torch.manual_seed(seed)
    W, v = torch.randn(2, hidden).to(points), torch.randn(hidden).to(points)
    weights = [each.requires_grad_() for each in (W, points.new_zeros(hidden), v, points.new_zeros(()))]
    return trained(weights, points, labels)


@misconception("Your weights still want gradients. Return `detach()`ed tensors.")
def keeps_gradients(points, labels, hidden, seed):
    return tuple(each.requires_grad_() for each in trained(start(points, hidden, seed), points, labels))
