# WRONG: the change uses the difference of the two lengths, not the length of the difference; promised: 'times the length of B's row minus A's row'
import torch
from jaxtyping import Float
from torch import Tensor


def crosscoder_encode(
    x: Float[Tensor, "sample model d_model"],
    W_enc: Float[Tensor, "model d_model latent"],
    b_enc: Float[Tensor, " latent"],
) -> Float[Tensor, "sample latent"]:
    """Compute the latents of a crosscoder from the activations of all models together."""
    pre = torch.einsum("smd,mdl->sl", x, W_enc) + b_enc
    return torch.relu(pre)


def crosscoder_decode(
    latents: Float[Tensor, "sample latent"],
    W_dec: Float[Tensor, "latent model d_model"],
    b_dec: Float[Tensor, "model d_model"],
) -> Float[Tensor, "sample model d_model"]:
    """Reconstruct the activations of each model from the latents."""
    return torch.einsum("sl,lmd->smd", latents, W_dec) + b_dec


def crosscoder_loss(
    x: Float[Tensor, "sample model d_model"],
    latents: Float[Tensor, "sample latent"],
    W_dec: Float[Tensor, "latent model d_model"],
    b_dec: Float[Tensor, "model d_model"],
    sparsity: float,
) -> Float[Tensor, ""]:
    """Compute the loss of a crosscoder: errors in all models, and active latents weighted by the lengths of their rows."""
    reconstruction = crosscoder_decode(latents, W_dec, b_dec)
    errors = (x - reconstruction).pow(2).sum(dim=(1, 2))
    lengths = W_dec.norm(dim=-1).sum(dim=-1)
    penalty = (latents * lengths).sum(dim=1)
    return (errors + sparsity * penalty).mean()


def model_diffing(
    latents: Float[Tensor, "sample latent"], W_dec: Float[Tensor, "latent two d_model"]
) -> dict[str, Tensor]:
    """Compare the two models latent by latent."""
    if W_dec.shape[1] != 2:
        raise ValueError("there must be two models")
    a, b = W_dec[:, 0], W_dec[:, 1]
    norm_a, norm_b = a.norm(dim=-1), b.norm(dim=-1)
    total = norm_a + norm_b
    relative = torch.where(total > 0, norm_b / total, torch.full_like(total, 0.5))
    product = norm_a * norm_b
    cosine = torch.where(product > 0, (a * b).sum(dim=-1) / product, torch.zeros_like(product))
    change = latents.max(dim=0).values * (norm_b - norm_a).abs()
    return {"relative_norm": relative, "cosine": cosine, "change": change}


def steer_by_difference(
    x: Float[Tensor, "... d_model"], W_dec: Float[Tensor, "latent two d_model"], latent: int, strength: float
) -> Float[Tensor, "... d_model"]:
    """Move activations of A to what B has there, as far as one latent says what changed."""
    difference = W_dec[latent, 1] - W_dec[latent, 0]
    return x + strength * difference
