# WRONG: >= in place of > ("a pre-activation that equals its threshold gives 0")
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
    """Encode activations into latents.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        x: activations, shape `[..., d_in]`.
        W_enc: the encoder's weights, shape `[d_in, d_sae]`.
        b_enc: the encoder's bias, shape `[d_sae]`.
        b_dec: the decoder's bias, shape `[d_in]`; it is taken away from the activations first.
        activation: what turns pre-activations `[..., d_sae]` into latents of the same shape.

    Returns:
        The latents, shape `[..., d_sae]`.

    """
    pre = (x - b_dec) @ W_enc + b_enc
    return activation(pre)


def topk(pre: Float[Tensor, "*batch d_sae"], k: int) -> Float[Tensor, "*batch d_sae"]:
    """Keep the positive ones among the `k` largest pre-activations of each activation; the rest becomes 0.

    Source: Gao et al. 2024, https://arxiv.org/abs/2406.04093

    Args:
        pre: pre-activations, shape `[..., d_sae]`.
        k: how many latents may be active, from 0 (none) to `d_sae` (all that are positive).

    Returns:
        The latents, of the same shape as `pre`: at most `k` are not 0, and none is negative. Of equal ones at
        the border any may be kept.

    Raises:
        ValueError: `k` is negative or larger than `d_sae`.

    """
    if not 0 <= k <= pre.shape[-1]:
        raise ValueError(f"k is {k}, not between 0 and {pre.shape[-1]}")
    values, places = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, places, values.relu())


def jumprelu(pre: Float[Tensor, "*batch d_sae"], threshold: Float[Tensor, " d_sae"]) -> Float[Tensor, "*batch d_sae"]:
    """Keep pre-activations above their latent's threshold as they are; the rest becomes 0.

    Source: Rajamanoharan et al. 2024, https://arxiv.org/abs/2407.14435

    Args:
        pre: pre-activations, shape `[..., d_sae]`.
        threshold: one threshold for each latent, none negative, shape `[d_sae]`.

    Returns:
        The latents, of the same shape and type as `pre`; a pre-activation that equals its threshold gives 0.

    """
    return torch.where(pre >= threshold, pre, torch.zeros_like(pre))
