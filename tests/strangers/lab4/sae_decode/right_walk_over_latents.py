"""Road: the sum as it stands in the text, bias first, then one contribution after the other."""

from torch import Tensor


def sae_decode(latents: Tensor, W_dec: Tensor, b_dec: Tensor) -> Tensor:
    total = b_dec.expand(*latents.shape[:-1], b_dec.shape[0])
    for j in range(W_dec.shape[0]):
        total = total + contribution(latents, W_dec, j)
    return total


def contribution(latents: Tensor, W_dec: Tensor, latent: int) -> Tensor:
    strength = latents.select(-1, latent)
    direction = W_dec.select(0, latent)
    return strength.unsqueeze(-1) * direction
