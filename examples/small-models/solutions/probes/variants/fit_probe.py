"""Right and wrong ways of fit_probe."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def ridge(features, values, penalty):
    """The weight for features and values as they are."""
    eye = torch.eye(features.shape[1], dtype=features.dtype, device=features.device)
    return torch.linalg.solve(features.T @ features + penalty * eye, features.T @ values)


@accepted
def by_more_rows(hidden, target, penalty):
    """Least squares on the data with a row more for each feature, in float64."""
    h, y = hidden.double(), target.double()
    features = h - h.mean(0)
    extra = penalty**0.5 * torch.eye(h.shape[1], dtype=h.dtype, device=h.device)
    rows, values = torch.cat([features, extra]), torch.cat([y - y.mean(), y.new_zeros(h.shape[1])])
    weight = torch.linalg.lstsq(rows, values[:, None]).solution[:, 0]
    return weight.to(hidden.dtype), (y.mean() - weight @ h.mean(0)).to(hidden.dtype)


@accepted
def with_a_free_column(hidden, target, penalty):
    """A column of ones whose weight has no penalty, in float64."""
    h = torch.cat([hidden.double(), torch.ones(len(hidden), 1, dtype=torch.float64, device=hidden.device)], dim=1)
    free = torch.full((h.shape[1],), penalty, dtype=torch.float64, device=hidden.device)
    free[-1] = 0
    found = torch.linalg.solve(h.T @ h + torch.diag(free), h.T @ target.double()).to(hidden.dtype)
    return found[:-1], found[-1]


@misconception(
    "You take no means away, so the probe is bent towards the origin. Center hidden states and targets first."
)
def without_means(hidden, target, penalty):
    weight = ridge(hidden, target, penalty)
    return weight, (target - hidden @ weight).mean()


@misconception("Your penalty is on the bias too. The bias is free: only the weight is kept small.")
def penalty_on_the_bias(hidden, target, penalty):
    found = ridge(torch.cat([hidden, torch.ones_like(hidden[:, :1])], dim=1), target, penalty)
    return found[:-1], found[-1]


@misconception("You leave the penalty out. It is added to the diagonal of the matrix.")
def without_penalty(hidden, target, penalty):
    center = hidden.mean(0)
    weight = ridge(hidden - center, target - target.mean(), 1e-9)
    return weight, target.mean() - weight @ center


@misconception("You take means over the items where the formula sums, so that the penalty counts too much.")
def means_for_sums(hidden, target, penalty):
    center = hidden.mean(0)
    weight = ridge(hidden - center, target - target.mean(), penalty * len(hidden))
    return weight, target.mean() - weight @ center


@misconception("Your bias is the mean of the targets. Take away what the weight makes of the mean hidden state.")
def bias_is_the_mean(hidden, target, penalty):
    return ridge(hidden - hidden.mean(0), target - target.mean(), penalty), target.mean()
