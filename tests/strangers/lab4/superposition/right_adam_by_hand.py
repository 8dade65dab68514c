"""Road: Adam is written out with autograd.grad; the loss goes over single examples; the dimensionality comes from the
Gram matrix."""

import torch
import torch.nn.functional as F
from torch import Tensor


def toy_loss(W: Tensor, b: Tensor, x: Tensor, importance: Tensor) -> Tensor:
    losses = []
    for example in x:
        hidden = W.mv(example)
        error = example - (W.t().mv(hidden) + b).relu()
        losses.append(torch.dot(importance, error * error))
    return torch.stack(losses).mean()


def superposition(batches: Tensor, n_hidden: int, importance: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator(device="cpu")
    generator.manual_seed(seed)
    features = batches.size(-1)
    W = torch.normal(0.0, features**-0.5, (n_hidden, features), generator=generator).to(batches)
    b = batches.new_zeros(features)
    first, second = [torch.zeros_like(W), torch.zeros_like(b)], [torch.zeros_like(W), torch.zeros_like(b)]
    for step, batch in enumerate(batches, start=1):
        W.requires_grad_(True), b.requires_grad_(True)
        error = batch - F.relu(batch @ W.T @ W + b)
        gradients = torch.autograd.grad((error**2 * importance).sum() / len(batch), [W, b])
        W, b = W.detach(), b.detach()
        for place, (value, gradient) in enumerate(zip((W, b), gradients, strict=True)):
            first[place] = 0.9 * first[place] + 0.1 * gradient
            second[place] = 0.999 * second[place] + 0.001 * gradient**2
            mean, square = first[place] / (1 - 0.9**step), second[place] / (1 - 0.999**step)
            value -= 0.02 * mean / (square.sqrt() + 1e-8)
    return W, b


def feature_dimensionality(W: Tensor) -> Tensor:
    gram = W.T @ W
    squared = gram.diagonal()
    overlap = torch.einsum("ij,ij->i", gram, gram)
    return torch.where(squared > 0, squared**2 / overlap, torch.zeros_like(squared))
