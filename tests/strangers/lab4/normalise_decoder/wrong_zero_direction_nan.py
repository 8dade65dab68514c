# WRONG: divides by a length of 0, so a direction of zeros becomes NaN; promised: 'Where a direction is all zeros, its latent stays as it is.'
# Generated from solutions/lab4/normalise_decoder.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Directions of length one
#
# The strength of a latent means something only together with the length of its decoder direction. Twice the latent and
# half the direction give the same reconstruction. So to compare latents, fix the lengths: every direction gets length
# 1, and its latent takes over the factor:
#
# $$\ell_j = \lVert \mathbf{d}_j \rVert_2, \qquad \mathbf{d}'_j = \mathbf{d}_j / \ell_j, \qquad f'_j = \ell_j f_j$$
#
# With ReLU you can get $f'_j$ from other encoder weights, because $\ell\,\mathrm{ReLU}(z) = \mathrm{ReLU}(\ell z)$ for
# $\ell > 0$. Multiply column $j$ of $W_{\mathrm{enc}}$ and entry $j$ of $\mathbf{b}_{\mathrm{enc}}$ by $\ell_j$. The
# SAE then computes the same reconstructions as before.
#
# **A small example.** A direction $(3, 4)$ has length 5. It becomes $(0.6, 0.8)$, and a latent of 2 becomes 10. The
# contribution is $(6, 8)$ before and after.
#
# SAEs that are trained with a plain L1 penalty need this after every step, because their directions grow otherwise.
# There, gradient and normalisation work against each other: the part of the gradient *along* a direction only changes
# the direction's length, and the normalisation removes this change at once. So Bricken et al. remove that part before
# the step:
#
# $$\mathbf{g}'_j = \mathbf{g}_j - \Big( \mathbf{g}_j \cdot \frac{\mathbf{d}_j}{\lVert \mathbf{d}_j \rVert} \Big)
#   \frac{\mathbf{d}_j}{\lVert \mathbf{d}_j \rVert}$$
#
# One edge case: a direction of length 0 has no part along it, and you cannot make it longer. The direction, its latent
# and its gradient stay as they are.
#
# **Shapes.** $W_{\mathrm{enc}}$: `[d_in, d_sae]`; $\mathbf{b}_{\mathrm{enc}}$: `[d_sae]`; $W_{\mathrm{dec}}$ and its
# gradient: `[d_sae, d_in]`, one row for each latent.
#
# Source: Bricken et al. 2023, [Towards Monosemanticity](https://transformer-circuits.pub/2023/monosemantic-features),
# the appendix on training.

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def _split(W_dec: Tensor) -> tuple[Tensor, Tensor]:
    """Give unit vectors (zeros for a row of zeros) and lengths; large and tiny rows neither overflow nor vanish."""
    largest = W_dec.abs().amax(dim=1, keepdim=True)
    rows = W_dec / torch.where(largest == 0, torch.ones_like(largest), largest)
    norms = rows.norm(dim=1, keepdim=True)
    units = rows / torch.where(norms == 0, torch.ones_like(norms), norms)
    return units, (largest * norms).squeeze(1)


def normalise_decoder(
    W_enc: Float[Tensor, "d_in d_sae"], b_enc: Float[Tensor, " d_sae"], W_dec: Float[Tensor, "d_sae d_in"]
) -> tuple[Float[Tensor, "d_in d_sae"], Float[Tensor, " d_sae"], Float[Tensor, "d_sae d_in"]]:
    """Give every decoder direction length 1 without changing what a ReLU autoencoder computes.

    Args:
        W_enc: the encoder's weights, shape `[d_in, d_sae]`.
        b_enc: the encoder's bias, shape `[d_sae]`.
        W_dec: the decoder's directions, one row for each latent, shape `[d_sae, d_in]`.

    Returns:
        New `W_enc`, `b_enc` and `W_dec`, in this order; what was given stays as it is. Where a direction is all zeros, its
        latent stays as it is.

    """
    units, lengths = _split(W_dec)
    silent = lengths == 0
    factors = torch.where(silent, torch.ones_like(lengths), lengths)
    new_dec = W_dec / lengths[:, None]
    return W_enc * factors[None, :], b_enc * factors, new_dec


def remove_parallel(
    gradient: Float[Tensor, "d_sae d_in"], W_dec: Float[Tensor, "d_sae d_in"]
) -> Float[Tensor, "d_sae d_in"]:
    """Take out of the decoder's gradient what points along each direction.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        gradient: of a loss by `W_dec`, shape `[d_sae, d_in]`.
        W_dec: the directions, of any length, shape `[d_sae, d_in]`.

    Returns:
        The gradient's part at right angles to each direction, shape `[d_sae, d_in]`; where a direction is all zeros, the
        gradient as it is.

    """
    units, _ = _split(W_dec)
    along = (gradient * units).sum(dim=1, keepdim=True)
    return gradient - along * units


# %% [markdown]
# **Look at it.** Eight directions follow a fixed random gradient for some steps: first as it is, then with its part
# along the directions removed. How long do they get?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import plots

    torch.manual_seed(0)
    start = torch.nn.functional.normalize(torch.randn(8, 16), dim=-1)
    gradient = torch.randn(8, 16)
    lengths: dict[str, list[float]] = {"gradient as it is": [], "part along the directions removed": []}
    for name, values in lengths.items():
        W_dec = start.clone()
        for _ in range(31):
            values.append(W_dec.norm(dim=-1).mean().item())
            W_dec -= 0.01 * (gradient if name == "gradient as it is" else remove_parallel(gradient, W_dec))
        print(f"{name}: mean length {values[0]:.3f} at the start, {values[-1]:.3f} at the end")
    plots.lines(
        lengths,
        xlabel="steps",
        ylabel="mean length of the directions",
        title="Without its part along the directions a gradient hardly changes their length",
        save="sae_features/decoder_lengths",
    )

    x, W_enc, b_enc = torch.randn(5, 16), torch.randn(16, 8), torch.randn(8)
    scaled = 3 * start
    before = torch.relu(x @ W_enc + b_enc) @ scaled
    new_enc, new_bias, new_dec = normalise_decoder(W_enc, b_enc, scaled)
    after = torch.relu(x @ new_enc + new_bias) @ new_dec
    print(f"lengths now {new_dec.norm(dim=-1).tolist()}")
    print(f"largest change of a reconstruction: {(before - after).abs().max():.1e}")
