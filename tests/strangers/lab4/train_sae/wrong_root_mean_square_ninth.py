# WRONG: the factor makes the root of the mean squared length right, not the mean length; promised: 'scaled to a mean length of sqrt(d_in)'
import torch
from jaxtyping import Bool, Float
from torch import Tensor


def training_tokens(
    activations: Float[Tensor, "batch pos d_in"], mask: Bool[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "token d_in"], float]:
    """Choose the activations of real tokens, scaled to a mean length of sqrt(d_in)."""
    x = activations[mask]
    scale = x.shape[-1] ** 0.5 / x.pow(2).sum(dim=-1).mean().sqrt().item()
    return x * scale, scale


def unscale(sae: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    """Fold a factor into an autoencoder that was trained on scaled activations, so that it works on unscaled ones."""
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
    """Train a top-k autoencoder on the activations of real tokens."""
    x, scale = training_tokens(activations, mask)
    d_in = x.shape[1]
    generator = torch.Generator().manual_seed(seed)
    with torch.enable_grad():
        W_dec = torch.randn(d_sae, d_in, generator=generator)
        W_dec = (W_dec / W_dec.norm(dim=1, keepdim=True)).to(x.dtype)
        W_enc = W_dec.T.clone().requires_grad_(True)
        W_dec.requires_grad_(True)
        b_enc = torch.zeros(d_sae, dtype=x.dtype, requires_grad=True)
        b_dec = x.mean(dim=0).detach().clone().requires_grad_(True)
        optimizer = torch.optim.Adam([W_enc, b_enc, W_dec, b_dec], lr=0.01)
        for _ in range(steps):
            batch = x[torch.randint(0, len(x), (128,), generator=generator)]
            pre = (batch - b_dec) @ W_enc + b_enc
            values, indices = pre.topk(k, dim=-1)
            latents = torch.zeros_like(pre).scatter(-1, indices, values.relu())
            reconstruction = latents @ W_dec + b_dec
            loss = (batch - reconstruction).pow(2).sum(dim=-1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    sae = {"W_enc": W_enc.detach(), "b_enc": b_enc.detach(), "W_dec": W_dec.detach(), "b_dec": b_dec.detach()}
    return unscale(sae, scale)
