# Generated from solutions/lab4/sae_encode.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Encoding with a sparse autoencoder
#
# You have seen what latents respond to, and what they say. Now build the machine that makes them. The encoder of a
# **sparse autoencoder** (SAE) rewrites an activation $\mathbf{x}$ of a model as a few active **latents** out of many.
# It first computes a **pre-activation** for every latent. Then it lets only some of them through:
#
# $$\mathbf{z} = (\mathbf{x} - \mathbf{b}_{\mathrm{dec}})\, W_{\mathrm{enc}} + \mathbf{b}_{\mathrm{enc}}, \qquad
#   \mathbf{f} = \sigma(\mathbf{z})$$
#
# In this lab $\mathbf{z}$ always means pre-activations and $\mathbf{f}$ always means latents.
# $\mathbf{b}_{\mathrm{dec}}$ is the decoder's bias, the point around which the SAE describes activations: the encoder
# subtracts it, the decoder adds it again. There are three common choices of $\sigma$:
#
# | name | a latent is active | value of an active latent |
# |---|---|---|
# | ReLU | $z_j > 0$ | $z_j$ |
# | top-k | $z_j > 0$ and among the $k$ largest of *its* activation | $z_j$ |
# | JumpReLU | $z_j > \theta_j$, with a threshold $\theta_j \ge 0$ for each latent | $z_j$ |
#
# A latent that is not active is exactly 0.
#
# **A small example.** The pre-activations are $(3, 1, -2, 2)$. ReLU gives $(3, 1, 0, 2)$. Top-k with $k = 2$ gives
# $(3, 0, 0, 2)$. JumpReLU with all thresholds at 1 gives $(3, 0, 0, 2)$, too, because 1 is not above 1.
#
# **Shapes.** $\mathbf{x}$: `[..., d_in]`, with any number of leading axes (none, tokens, batch and position);
# $W_{\mathrm{enc}}$: `[d_in, d_sae]`; $\mathbf{b}_{\mathrm{enc}}$: `[d_sae]`; $\mathbf{b}_{\mathrm{dec}}$: `[d_in]`;
# the result: `[..., d_sae]`. This is the orientation of [SAELens](https://github.com/decoderesearch/SAELens).
#
# Write $\sigma$ as functions of their own, so that one encoder serves all three.
#
# Sources: Bricken et al. 2023, [Towards Monosemanticity](https://transformer-circuits.pub/2023/monosemantic-features)
# (ReLU); Gao et al. 2024, [Scaling and evaluating sparse autoencoders](https://arxiv.org/abs/2406.04093), section 2.3
# (top-k); Rajamanoharan et al. 2024, [Jumping Ahead](https://arxiv.org/abs/2407.14435), section 3 (JumpReLU).

# %%
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


# %%
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
    pre = torch.einsum("...i,ij->...j", x - b_dec, W_enc) + b_enc
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
        raise ValueError(f"k is {k}, but it must lie between 0 and {pre.shape[-1]}")
    rank = pre.argsort(dim=-1, descending=True).argsort(dim=-1)
    keep = (rank < k) & (pre > 0)
    return torch.where(keep, pre, torch.zeros_like(pre))


def jumprelu(pre: Float[Tensor, "*batch d_sae"], threshold: Float[Tensor, " d_sae"]) -> Float[Tensor, "*batch d_sae"]:
    """Keep pre-activations above their latent's threshold as they are; the rest becomes 0.

    Source: Rajamanoharan et al. 2024, https://arxiv.org/abs/2407.14435

    Args:
        pre: pre-activations, shape `[..., d_sae]`.
        threshold: one threshold for each latent, none negative, shape `[d_sae]`.

    Returns:
        The latents, of the same shape and type as `pre`; a pre-activation that equals its threshold gives 0.

    """
    return torch.where(pre > threshold, pre, torch.zeros_like(pre))


# %% [markdown]
# **Look at it.** First ReLU and JumpReLU side by side, over a line of pre-activations. Then top-k on activations of the
# model, through an encoder of random directions: how much of the pre-activations stays when `k` grows?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    line = torch.linspace(-2, 2, 81)[:, None]
    one, none = torch.ones(1, 1), torch.zeros(1)
    half = torch.full((1,), 0.8)
    plots.lines(
        {
            "ReLU": sae_encode(line, one, none, none)[:, 0],
            "JumpReLU, threshold 0.8": sae_encode(line, one, none, none, lambda pre: jumprelu(pre, half))[:, 0],
        },
        x=line[:, 0],
        xlabel="pre-activation",
        ylabel="latent",
        title="Two ways to be silent",
        save="sae_features/activation_functions",
    )

    bench = open_bench()
    name = f"blocks.{bench.n_layers // 2}.hook_resid_pre"
    _, cache = bench.model.run_with_cache(bench.tokens("The capital of France is"), names_filter=name)
    x = cache[name][:, 1:]  # without BOS
    d_sae = 8 * bench.d_model
    W_enc = bench.normal(bench.d_model, d_sae, seed=0) / bench.d_model**0.5
    b_enc, b_dec = bench.normal(d_sae, seed=1) * 0, x.mean(dim=(0, 1))
    dense = sae_encode(x, W_enc, b_enc, b_dec)
    print(f"ReLU: {(dense > 0).float().sum(-1).mean():.0f} of {d_sae} random latents are active on average")
    for k in (0, 8, 32, 128, d_sae):
        kept = sae_encode(x, W_enc, b_enc, b_dec, lambda pre, k=k: topk(pre, k))
        active = (kept > 0).float().sum(-1).mean()
        print(f"k = {k:4}: {active:6.1f} active, {kept.sum() / dense.sum():.0%} of the activity is kept")
