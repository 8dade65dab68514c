"""Road: the recipe with autograd.grad and Adam's moments written out, top-k by a mask, random numbers in fork_rng."""

import torch
from torch import Tensor


def training_tokens(activations: Tensor, mask: Tensor) -> tuple[Tensor, float]:
    kept = [activations[row, position] for row, position in mask.nonzero().tolist()]
    stacked = torch.stack(kept)
    lengths = stacked.square().sum(dim=1).sqrt()
    factor = (stacked.shape[1] ** 0.5 * len(lengths) / lengths.sum()).item()
    return torch.mul(stacked, factor), factor


def unscale(sae: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    new = {name: weight.clone() for name, weight in sae.items()}
    new["W_enc"].mul_(scale)
    for name in ("W_dec", "b_dec"):
        new[name].div_(scale)
    return new


def train_sae(activations: Tensor, mask: Tensor, d_sae: int, k: int, steps: int, seed: int) -> dict[str, Tensor]:
    x, scale = training_tokens(activations, mask)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        start = torch.randn(d_sae, x.shape[1])
        picks = [torch.randint(0, len(x), (128,)) for _ in range(steps)]
    W_dec = (start / start.norm(dim=1, keepdim=True)).to(x)
    weights = [W_dec.T.contiguous(), torch.zeros_like(W_dec[:, 0]), W_dec, x.mean(dim=0)]
    moments = [(torch.zeros_like(w), torch.zeros_like(w)) for w in weights]
    for t, pick in enumerate(picks, start=1):
        batch = x[pick.to(x.device)]
        weights = [w.detach().requires_grad_(True) for w in weights]
        W_enc, b_enc, W_dec, b_dec = weights
        z = (batch - b_dec) @ W_enc + b_enc
        kept = torch.zeros_like(z, dtype=torch.bool).scatter(1, z.topk(k).indices, True) & (z > 0)
        error = batch - (torch.where(kept, z, 0.0) @ W_dec + b_dec)
        gradients = torch.autograd.grad(error.square().sum() / len(batch), weights)
        with torch.no_grad():
            for w, g, (m, v) in zip(weights, gradients, moments, strict=True):
                m.lerp_(g, 0.1)
                v.mul_(0.999).add_(0.001 * g * g)
                w -= 0.01 * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
    names = ("W_enc", "b_enc", "W_dec", "b_dec")
    return unscale({name: w.detach() for name, w in zip(names, weights, strict=True)}, scale)
