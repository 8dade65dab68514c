# RIGHT: einsum loss, Adam written out with autograd.grad, dimensionality feature by feature
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


class _Adam:
    def __init__(self, parameters, rate, betas=(0.9, 0.999), eps=1e-8):
        self.parameters, self.rate, self.betas, self.eps, self.count = parameters, rate, betas, eps, 0
        self.first = [torch.zeros_like(parameter) for parameter in parameters]
        self.second = [torch.zeros_like(parameter) for parameter in parameters]

    @torch.no_grad()
    def step(self, gradients):
        self.count += 1
        fast, slow = self.betas
        for i, gradient in enumerate(gradients):
            self.first[i] = fast * self.first[i] + (1 - fast) * gradient
            self.second[i] = slow * self.second[i] + (1 - slow) * gradient**2
            mean = self.first[i] / (1 - fast**self.count)
            spread = (self.second[i] / (1 - slow**self.count)).sqrt()
            self.parameters[i] = self.parameters[i] - self.rate * mean / (spread + self.eps)


def toy_loss(
    W: Float[Tensor, "n_hidden n_features"],
    b: Float[Tensor, " n_features"],
    x: Float[Tensor, "batch n_features"],
    importance: Float[Tensor, " n_features"],
) -> Float[Tensor, ""]:
    """Compute the toy model's loss: weighted by importance, summed over features, averaged over the batch.

    Source: Elhage et al. 2022, https://transformer-circuits.pub/2022/toy_model/index.html

    Args:
        W: one column for each feature's direction, shape `[n_hidden, n_features]`.
        b: shape `[n_features]`.
        x: features, shape `[batch, n_features]`.
        importance: shape `[n_features]`, none negative.

    Returns:
        A tensor without axes, through which gradients flow to `W` and `b`.

    """
    hidden = torch.einsum("hf,bf->bh", W, x)
    x_hat = torch.relu(torch.einsum("hf,bh->bf", W, hidden) + b)
    per_feature = ((x - x_hat) ** 2).mean(dim=0)
    return torch.dot(importance.to(per_feature.dtype), per_feature)


def superposition(
    batches: Float[Tensor, "step batch n_features"],
    n_hidden: int,
    importance: Float[Tensor, " n_features"],
    seed: int,
) -> tuple[Float[Tensor, "n_hidden n_features"], Float[Tensor, " n_features"]]:
    """Train the toy model, one step on each batch.

    Args:
        batches: the training data, a batch for each step, shape `[step, batch, n_features]`.
        n_hidden: the number of hidden dimensions, less than `n_features`.
        importance: shape `[n_features]`.
        seed: of the start. The same seed gives the same result. The global random states of PyTorch, NumPy and Python are
            the same afterwards.

    Returns:
        `W`, shape `[n_hidden, n_features]`, and `b`, shape `[n_features]`, without gradients. Train inside
        `torch.enable_grad()`: whoever calls you may have switched gradients off.

    """
    n = batches.shape[2]
    noise = np.random.default_rng(seed % 2**63).standard_normal((n_hidden, n)) / np.sqrt(n)
    parameters = [torch.tensor(noise, dtype=batches.dtype, device=batches.device), batches.new_zeros(n)]
    adam = _Adam(parameters, 0.02)
    for step in range(len(batches)):
        leaves = [parameter.clone().requires_grad_(True) for parameter in adam.parameters]
        with torch.enable_grad():
            loss = toy_loss(*leaves, batches[step], importance)
            gradients = torch.autograd.grad(loss, leaves)
        adam.step(gradients)
    W, b = adam.parameters
    return W, b


def feature_dimensionality(W: Float[Tensor, "n_hidden n_features"]) -> Float[Tensor, " n_features"]:
    """Compute how much of a dimension each feature has for itself.

    Source: Elhage et al. 2022, https://transformer-circuits.pub/2022/toy_model/index.html

    Args:
        W: one column for each feature's direction, shape `[n_hidden, n_features]`.

    Returns:
        Between 0 and 1 for each feature, shape `[n_features]`; 0 where a column is all zeros, and only there.

    """
    W = W.detach()
    result = W.new_zeros(W.shape[1])
    vectors = [column.double() for column in W.unbind(dim=1)]
    for i, w in enumerate(vectors):
        peak = w.abs().max()
        if peak == 0:
            continue
        w_hat = torch.nn.functional.normalize(w / peak, dim=0, eps=0.0)
        own = torch.dot(w_hat, w)
        ratios = torch.stack([torch.dot(w_hat, other) for other in vectors]) / own
        disturbance = ratios.square().sum().item()
        result[i] = min(max(1.0 / disturbance, torch.finfo(W.dtype).tiny), 1.0)
    return result
