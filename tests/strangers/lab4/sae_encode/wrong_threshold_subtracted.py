# WRONG: an active latent is the pre-activation minus its threshold; promised: 'Keep pre-activations above their latent's threshold as they are; the rest becomes 0.'
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def sae_encode(
    x: Float[Tensor, "*batch d_in"],
    W_enc: Float[Tensor, "d_in d_sae"],
    b_enc: Float[Tensor, " d_sae"],
    b_dec: Float[Tensor, " d_in"],
    activation: Callable[[Tensor], Tensor] = torch.relu,
) -> Float[Tensor, "*batch d_sae"]:
    """Encode activations into latents."""
    pre = (x - b_dec) @ W_enc + b_enc
    return activation(pre)


def topk(pre: Float[Tensor, "*batch d_sae"], k: int) -> Float[Tensor, "*batch d_sae"]:
    """Keep the positive ones among the `k` largest pre-activations of each activation; the rest becomes 0."""
    if k < 0 or k > pre.shape[-1]:
        raise ValueError("k must be between 0 and d_sae")
    values, indices = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, indices, values.relu())


def jumprelu(pre: Float[Tensor, "*batch d_sae"], threshold: Float[Tensor, " d_sae"]) -> Float[Tensor, "*batch d_sae"]:
    """Keep pre-activations above their latent's threshold as they are; the rest becomes 0."""
    return torch.where(pre > threshold, pre - threshold, torch.zeros_like(pre))
