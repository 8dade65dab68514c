# WRONG: only the start is seeded, batches are drawn from the global generator ("The same seed gives the same result"; "The global random states ... are the same afterwards")
import torch
from jaxtyping import Bool, Float
from torch import Tensor


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
    chosen = activations[mask]
    mean_length = chosen.norm(dim=-1).mean().item()
    scale = activations.shape[-1] ** 0.5 / mean_length
    return chosen * scale, scale


def unscale(sae: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    """Fold a factor into an autoencoder that was trained on scaled activations, so that it works on unscaled ones.

    Args:
        sae: `"W_enc"`, `"b_enc"`, `"W_dec"`, `"b_dec"`, trained on activations times `scale`.
        scale: the factor.

    Returns:
        New weights of the same names: the same latents, and the reconstruction divided by `scale`.

    """
    return {
        "W_enc": sae["W_enc"] * scale,
        "b_enc": sae["b_enc"].clone(),
        "W_dec": sae["W_dec"] / scale,
        "b_dec": sae["b_dec"] / scale,
    }


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
    data, scale = training_tokens(activations.detach(), mask)
    generator = torch.Generator().manual_seed(seed)
    directions = torch.randn(d_sae, data.shape[1], generator=generator).to(data)
    directions = directions / directions.norm(dim=1, keepdim=True)
    with torch.enable_grad():
        W_dec = directions.clone().requires_grad_()
        W_enc = directions.T.clone().requires_grad_()
        b_enc = torch.zeros(d_sae, dtype=data.dtype, device=data.device, requires_grad=True)
        b_dec = data.mean(dim=0).clone().requires_grad_()
        optimizer = torch.optim.Adam([W_enc, b_enc, W_dec, b_dec], lr=0.01)
        for _ in range(steps):
            drawn = torch.randint(0, len(data), (128,)).to(data.device)
            x = data[drawn]
            pre = (x - b_dec) @ W_enc + b_enc
            values, places = pre.topk(k, dim=-1)
            latents = torch.zeros_like(pre).scatter(-1, places, values.relu())
            loss = (x - latents @ W_dec - b_dec).pow(2).sum(dim=-1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    trained = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return unscale({name: weight.detach() for name, weight in trained.items()}, scale)
