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
    return activation(torch.einsum("...i,ij->...j", x - b_dec, W_enc) + b_enc)


def topk(pre: Float[Tensor, "*batch d_sae"], k: int) -> Float[Tensor, "*batch d_sae"]:
    """Keep the positive ones among the `k` largest pre-activations of each activation; the rest becomes 0."""
    if not 0 <= k <= pre.shape[-1]:
        raise ValueError(f"k = {k} is not between 0 and {pre.shape[-1]}")
    # The rank of every entry in its activation: the place in the sorted order, turned round.
    rank = pre.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    return pre.relu().masked_fill(rank >= k, 0.0)


def jumprelu(pre: Float[Tensor, "*batch d_sae"], threshold: Float[Tensor, " d_sae"]) -> Float[Tensor, "*batch d_sae"]:
    """Keep pre-activations above their latent's threshold as they are; the rest becomes 0."""
    return pre.masked_fill(pre <= threshold, 0.0)
