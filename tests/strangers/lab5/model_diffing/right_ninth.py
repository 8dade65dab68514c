import torch
from jaxtyping import Float
from torch import Tensor


def crosscoder_encode(
    x: Float[Tensor, "sample model d_model"],
    W_enc: Float[Tensor, "model d_model latent"],
    b_enc: Float[Tensor, " latent"],
) -> Float[Tensor, "sample latent"]:
    """Compute the latents of a crosscoder from the activations of all models together."""
    # a crosscoder is one autoencoder on all activations side by side
    return torch.relu(torch.addmm(b_enc, x.flatten(1), W_enc.flatten(0, 1)))


def crosscoder_decode(
    latents: Float[Tensor, "sample latent"],
    W_dec: Float[Tensor, "latent model d_model"],
    b_dec: Float[Tensor, "model d_model"],
) -> Float[Tensor, "sample model d_model"]:
    """Reconstruct the activations of each model from the latents."""
    return torch.addmm(b_dec.flatten(), latents, W_dec.flatten(1)).unflatten(1, tuple(b_dec.shape))


def crosscoder_loss(
    x: Float[Tensor, "sample model d_model"],
    latents: Float[Tensor, "sample latent"],
    W_dec: Float[Tensor, "latent model d_model"],
    b_dec: Float[Tensor, "model d_model"],
    sparsity: float,
) -> Float[Tensor, ""]:
    """Compute the loss of a crosscoder: errors in all models, and active latents weighted by the lengths of their rows."""
    squares = W_dec.square().sum(dim=-1)
    silent = squares == 0
    # the root has no slope at 0, so it never sees a 0
    lengths = squares.masked_fill(silent, 1.0).sqrt().masked_fill(silent, 0.0)
    errors = (x - crosscoder_decode(latents, W_dec, b_dec)).square().sum()
    penalty = (latents.sum(dim=0) * lengths.sum(dim=1)).sum()
    return (errors + sparsity * penalty) / len(x)


def model_diffing(
    latents: Float[Tensor, "sample latent"], W_dec: Float[Tensor, "latent two d_model"]
) -> dict[str, Tensor]:
    """Compare the two models latent by latent."""
    if W_dec.shape[1] != 2:
        raise ValueError(f"{W_dec.shape[1]} models: this comparison is for two")
    a, b = W_dec.detach().double().unbind(dim=1)
    of_a, of_b = a.norm(dim=1), b.norm(dim=1)
    both = of_a + of_b
    relative = torch.where(both > 0, of_b / both, 0.5)
    cosine = ((a / of_a[:, None]) * (b / of_b[:, None])).sum(dim=1)
    cosine = torch.where((of_a > 0) & (of_b > 0), cosine, 0.0)
    change = latents.detach().double().amax(dim=0) * torch.linalg.vector_norm(b - a, dim=1)
    found = {"relative_norm": relative, "cosine": cosine, "change": change}
    return {name: values.to(W_dec.dtype) for name, values in found.items()}


def steer_by_difference(
    x: Float[Tensor, "... d_model"], W_dec: Float[Tensor, "latent two d_model"], latent: int, strength: float
) -> Float[Tensor, "... d_model"]:
    """Move activations of A to what B has there, as far as one latent says what changed."""
    return torch.add(x, W_dec[latent].diff(dim=0)[0], alpha=strength)
