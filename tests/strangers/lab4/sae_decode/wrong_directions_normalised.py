# WRONG: the directions are scaled to length 1 in the reconstruction; promised: 'the decoder's directions, one row for each latent, shape `[d_sae, d_in]`; they may have any length'
# Generated from solutions/lab4/sae_decode.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # A reconstruction is a sum of directions
#
# The decoder of a sparse autoencoder turns latents back into an activation. Every latent $j$ has one **decoder
# direction** $\mathbf{d}_j$, a row of $W_{\mathrm{dec}}$. The reconstruction is the bias plus the directions of the
# active latents, each as strong as its latent:
#
# $$\hat{\mathbf{x}} = \mathbf{f}\, W_{\mathrm{dec}} + \mathbf{b}_{\mathrm{dec}}
#   = \mathbf{b}_{\mathrm{dec}} + \sum_j f_j\, \mathbf{d}_j$$
#
# The term $f_j\, \mathbf{d}_j$ is the **contribution** of latent $j$: what would be missing without the latent. Later
# in this lab you will steer and ablate latents. Both add or remove a multiple of $\mathbf{d}_j$.
#
# **A small example.** With $\mathbf{b}_{\mathrm{dec}} = (1, 1)$, directions $(1, 0)$ and $(0, 2)$, and latents
# $\mathbf{f} = (3, 0.5)$, the reconstruction is $(1, 1) + (3, 0) + (0, 1) = (4, 2)$.
#
# **Shapes.** $\mathbf{f}$: `[..., d_sae]`, with any number of leading axes; $W_{\mathrm{dec}}$: `[d_sae, d_in]`;
# $\mathbf{b}_{\mathrm{dec}}$: `[d_in]`; a reconstruction and a contribution: `[..., d_in]`.
#
# Source: Bricken et al. 2023, [Towards Monosemanticity](https://transformer-circuits.pub/2023/monosemantic-features),
# "Sparse Autoencoders".

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def sae_decode(
    latents: Float[Tensor, "*batch d_sae"], W_dec: Float[Tensor, "d_sae d_in"], b_dec: Float[Tensor, " d_in"]
) -> Float[Tensor, "*batch d_in"]:
    """Reconstruct activations from latents.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        latents: shape `[..., d_sae]`; after an edit they can be negative.
        W_dec: the decoder's directions, one row for each latent, shape `[d_sae, d_in]`; they may have any length.
        b_dec: the decoder's bias, shape `[d_in]`.

    Returns:
        The reconstruction, shape `[..., d_in]`.

    """
    return torch.nn.functional.linear(latents, torch.nn.functional.normalize(W_dec, dim=1).T, b_dec)


def contribution(
    latents: Float[Tensor, "*batch d_sae"], W_dec: Float[Tensor, "d_sae d_in"], latent: int
) -> Float[Tensor, "*batch d_in"]:
    """Compute what one latent adds to the reconstruction.

    Args:
        latents: shape `[..., d_sae]`; after an edit they can be negative.
        W_dec: the decoder's directions, one row for each latent, shape `[d_sae, d_in]`.
        latent: the index of the latent.

    Returns:
        The latent's part of the reconstruction, shape `[..., d_in]`; 0 where the latent is silent.

    """
    strength = latents.select(-1, latent)
    return torch.einsum("...,i->...i", strength, W_dec[latent])


# %% [markdown]
# **Look at it.** Twelve directions in the plane. Three latents are active. Their contributions, one after the other,
# lead from the bias to the reconstruction.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import plots

    angles = torch.arange(12) * (2 * torch.pi / 12)
    W_dec = torch.stack([angles.cos(), angles.sin()], dim=1)
    b_dec = torch.tensor([1.0, 0.5])
    latents = torch.zeros(12)
    latents[[0, 2, 5]] = torch.tensor([2.0, 1.5, 0.5])
    walk = [b_dec]
    for latent in latents.nonzero()[:, 0].tolist():
        walk.append(walk[-1] + contribution(latents, W_dec, latent))
        print(f"after latent {latent:2}: {walk[-1].tolist()}")
    print(f"reconstruction : {sae_decode(latents, W_dec, b_dec).tolist()}")
    path = torch.stack(walk)
    plots.lines(
        {"from the bias to the reconstruction": path[:, 1]},
        x=path[:, 0],
        xlabel="first coordinate",
        ylabel="second coordinate",
        title="A reconstruction is a walk along the active directions",
        save="sae_features/decoding_walk",
    )
