# RIGHT: an nn.Module with autograd.grad, batches from shuffled passes through the data, texts joined in a loop
import math
import torch
from jaxtyping import Bool, Float
from torch import Tensor


class _TopK(torch.nn.Module):
    def __init__(self, data, d_sae, k, dice):
        super().__init__()
        rows = torch.randn(d_sae, data.shape[1], generator=dice, dtype=torch.float64)
        rows = torch.nn.functional.normalize(rows, dim=1).to(data)
        self.k = k
        self.W_enc = torch.nn.Parameter(rows.T.contiguous())
        self.b_enc = torch.nn.Parameter(rows.new_zeros(d_sae))
        self.W_dec = torch.nn.Parameter(rows.clone())
        self.b_dec = torch.nn.Parameter(data.mean(dim=0))

    def forward(self, x):
        z = (x - self.b_dec) @ self.W_enc + self.b_enc
        keep = torch.zeros_like(z, dtype=torch.bool).scatter_(1, z.topk(self.k, dim=1).indices, True)
        return (z * keep).relu() @ self.W_dec + self.b_dec


def training_tokens(
    activations: Float[Tensor, "batch pos d_in"], mask: Bool[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "token d_in"], float]:
    """Choose the activations of real tokens, scaled to a mean length of sqrt(d_in).

    Args:
        activations: shape `[batch, pos, d_in]`.
        mask: which positions are real, shape `[batch, pos]`; at least one is.

    Returns:
        The chosen activations, text after text, times the factor, shape `[token, d_in]`; and the factor, a Python number.

    """
    rows = torch.cat([text[real] for text, real in zip(activations, mask, strict=True)])
    lengths = torch.linalg.vector_norm(rows.double(), dim=1)
    factor = math.sqrt(rows.shape[1]) / float(lengths.sum() / len(rows))
    return factor * rows, factor


def unscale(sae: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    """Fold a factor into an autoencoder that was trained on scaled activations, so that it works on unscaled ones.

    Args:
        sae: `"W_enc"`, `"b_enc"`, `"W_dec"`, `"b_dec"`, trained on activations times `scale`.
        scale: the factor.

    Returns:
        New weights of the same names: the same latents, and the reconstruction divided by `scale`.

    """
    powers = {"W_enc": 1, "b_enc": 0, "W_dec": -1, "b_dec": -1}
    return {name: sae[name] * scale**power for name, power in powers.items()}


def train_sae(
    activations: Float[Tensor, "batch pos d_in"],
    mask: Bool[Tensor, "batch pos"],
    d_sae: int,
    k: int,
    steps: int,
    seed: int,
) -> dict[str, Tensor]:
    """Train a top-k autoencoder on the activations of real tokens.

    Source: Gao et al. 2024, https://arxiv.org/abs/2406.04093

    Args:
        activations: of any scale, shape `[batch, pos, d_in]`.
        mask: which positions are real, shape `[batch, pos]`.
        d_sae: the number of latents.
        k: how many may be active.
        steps: the number of training steps, at least 1.
        seed: of the random numbers. The same seed gives the same result, and another seed gives another one. The global
            random states of PyTorch, NumPy and Python are the same afterwards.

    Returns:
        `"W_enc"`, `"b_enc"`, `"W_dec"`, `"b_dec"`, without gradients, for activations as they come. Train inside
        `torch.enable_grad()`: whoever calls you may have switched gradients off.

    """
    data, factor = training_tokens(activations.detach().clone(), mask)
    dice = torch.Generator().manual_seed(seed)
    module = _TopK(data, d_sae, k, dice)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    waiting = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        while len(waiting) < 128:
            waiting = torch.cat([waiting, torch.randperm(len(data), generator=dice)])
        batch, waiting = data[waiting[:128].to(data.device)], waiting[128:]
        with torch.enable_grad():
            loss = (batch - module(batch)).square().sum(-1).mean()
            gradients = torch.autograd.grad(loss, list(module.parameters()))
        for parameter, gradient in zip(module.parameters(), gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
    return unscale({name: parameter.detach().clone() for name, parameter in module.named_parameters()}, factor)
