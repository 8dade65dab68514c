# WRONG: the latents are multiplied by the squared lengths of their directions; promised: 'the mean over the batch of the sums of latents times the lengths of their directions'
# Generated from solutions/lab4/sae_loss.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # The loss of a sparse autoencoder
#
# Training has two goals that work against each other. The reconstruction $\hat{\mathbf{x}}$ should be close to the
# activation $\mathbf{x}$, and few latents $f_j$ should be active. Over a batch of $B$ activations:
#
# $$\mathcal{L} = \underbrace{\frac{1}{B} \sum_b \lVert \mathbf{x}_b - \hat{\mathbf{x}}_b \rVert_2^2}_{\text{reconstruction}}
#   \; + \; \lambda\, \underbrace{\frac{1}{B} \sum_b \sum_j f_{b,j}\, \lVert \mathbf{d}_j \rVert_2}_{\text{sparsity}}$$
#
# $\mathbf{d}_j$ is the decoder direction of latent $j$, row $j$ of $W_{\mathrm{dec}}$. Why is its length in the
# sparsity term? Without the length, training could make every latent ten times smaller and its direction ten times
# longer: the same reconstruction for a tenth of the penalty. With the length, $f_j \lVert \mathbf{d}_j \rVert$ is how
# far the latent really moves the reconstruction.
#
# The loss takes the **sum** over the entries of one activation and over its latents, and the **mean** only over the
# batch.
#
# **A small example.** One activation $(1, 2)$ with the reconstruction $(1, 0)$: the first term is $0 + 4 = 4$. One
# active latent $f = 3$ with a direction of length 0.5: the second term is 1.5. With $\lambda = 2$ the loss is
# $4 + 3 = 7$.
#
# **Shapes.** $\mathbf{x}$, $\hat{\mathbf{x}}$: `[batch, d_in]`; $\mathbf{f}$: `[batch, d_sae]`, none negative;
# $W_{\mathrm{dec}}$: `[d_sae, d_in]`. The three results are tensors without axes, and gradients flow through all of
# them.
#
# Source: this form of the loss is described in Anthropic's [Circuits Updates, April
# 2024](https://transformer-circuits.pub/2024/april-update/index.html), "Update on how we train SAEs".

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def sae_loss(
    x: Float[Tensor, "batch d_in"],
    reconstruction: Float[Tensor, "batch d_in"],
    latents: Float[Tensor, "batch d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    l1_coefficient: float,
) -> dict[str, Float[Tensor, ""]]:
    """Compute the training loss of a sparse autoencoder and its two terms.

    Source: https://transformer-circuits.pub/2024/april-update/index.html

    Args:
        x: activations, shape `[batch, d_in]`.
        reconstruction: what the SAE makes of them, shape `[batch, d_in]`.
        latents: shape `[batch, d_sae]`, none negative.
        W_dec: the decoder's directions, one row for each latent, shape `[d_sae, d_in]`.
        l1_coefficient: the weight of the sparsity term in the loss.

    Returns:
        Three tensors without axes: `"reconstruction"`, the mean over the batch of the squared distances; `"sparsity"`, the
        mean over the batch of the sums of latents times the lengths of their directions, not yet weighted; and `"loss"`,
        the first plus `l1_coefficient` times the second.

    """
    count = x.shape[0]
    gap = x - reconstruction
    distance = torch.einsum("bi,bi->", gap, gap) / count
    lengths = W_dec.pow(2).sum(dim=1)
    sparsity = (latents @ lengths).sum() / count
    return {
        "reconstruction": distance,
        "sparsity": sparsity,
        "loss": distance + l1_coefficient * sparsity,
    }


# %% [markdown]
# **Look at it.** One latent $f$ reconstructs an activation of length 1 along its own direction. Where is the loss
# lowest?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import plots

    direction = torch.tensor([[0.6, 0.8]])
    strengths = torch.linspace(0, 1.2, 121)
    curves = {}
    for coefficient in (0.0, 0.5, 1.0):
        losses = [
            sae_loss(direction, f * direction, f.reshape(1, 1), direction, coefficient)["loss"] for f in strengths
        ]
        curves[f"coefficient {coefficient}"] = torch.stack(losses)
        print(
            f"coefficient {coefficient}: lowest at f = {strengths[curves[f'coefficient {coefficient}'].argmin()]:.2f}"
        )
    plots.lines(
        curves,
        x=strengths,
        xlabel="latent",
        ylabel="loss",
        title="The penalty shrinks the latent",
        save="sae_features/shrinkage",
    )
