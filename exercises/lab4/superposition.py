# Generated from solutions/lab4/superposition.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # More features than dimensions
#
# This lab asks: can we take activations apart into pieces that mean something, and does the model use these pieces?
# Begin with the reason why there is a problem at all. A model may hold more **features** than it has dimensions. Elhage
# et al. show this with a model that is small enough to understand. It squeezes $n$ features through $m < n$ dimensions
# and tries to get them back:
#
# $$\mathbf{h} = W \mathbf{x}, \qquad \hat{\mathbf{x}} = \mathrm{ReLU}(W^\top \mathbf{h} + \mathbf{b})$$
#
# One matrix $W$ serves both directions: column $\mathbf{w}_i$ is the direction of feature $i$ in the hidden space.
# Features differ in **importance** $I_i$, which weighs their errors:
#
# $$\mathcal{L} = \frac{1}{B} \sum_b \sum_i I_i\, (x_{b,i} - \hat{x}_{b,i})^2$$
#
# Features are also **sparse**: each is 0 except with a probability $p$, independently of the others; when it is not 0,
# it is uniform between 0 and 1. A linear model would keep the $m$ most important features and drop the rest. With ReLU
# and rare features the model can do better: it uses directions that are not orthogonal. Such directions disturb each
# other (**interference**), but two features are seldom active together, so this seldom costs anything. That is
# **superposition**.
#
# How much of a dimension does a feature have for itself? Its **dimensionality** is, with $\hat{\mathbf{w}}_i$ for the
# unit vector along $\mathbf{w}_i$,
#
# $$D_i = \frac{\lVert \mathbf{w}_i \rVert^2}{\sum_j (\hat{\mathbf{w}}_i \cdot \mathbf{w}_j)^2}$$
#
# where the sum runs over all features, $i$ itself included. Three cases:
#
# - 1: no other feature shares the direction;
# - 1/2: two features on opposite sides of one line. For example, $\mathbf{w}_1 = (1)$ and $\mathbf{w}_2 = (-1)$ give
#   $D_1 = 1 / (1 + 1)$;
# - 0: by agreement, for a feature without a direction.
#
# **Shapes.** $W$: `[n_hidden, n_features]`; $\mathbf{b}$ and the importance: `[n_features]`; a batch:
# `[batch, n_features]`; all batches of a training: `[step, batch, n_features]`.
#
# **A recipe** that works: $W$ normal with standard deviation $n^{-1/2}$, $\mathbf{b} = 0$, then one step of
# `torch.optim.Adam` with learning rate 0.02 on each batch, in order.
#
# Source: Elhage et al. 2022, [Toy Models of Superposition](https://transformer-circuits.pub/2022/toy_model/index.html),
# "Demonstrating Superposition" and "The Geometry of Superposition".

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def toy_loss(
    W: Float[Tensor, "n_hidden n_features"],
    b: Float[Tensor, " n_features"],
    x: Float[Tensor, "batch n_features"],
    importance: Float[Tensor, " n_features"],
) -> Float[Tensor, ""]:
    """Compute the toy model's loss: weighted by importance, summed over features, averaged over the batch.

    Source: Elhage et al. 2022, https://transformer-circuits.pub/2022/toy_model/index.html

    Args:
        W: one column for each feature's direction, shape `[n_hidden, n_features]`.
        b: shape `[n_features]`.
        x: features, shape `[batch, n_features]`.
        importance: shape `[n_features]`, none negative.

    Returns:
        A tensor without axes, through which gradients flow to `W` and `b`.

    """
    raise NotImplementedError("toy_loss: not written yet")


def superposition(
    batches: Float[Tensor, "step batch n_features"],
    n_hidden: int,
    importance: Float[Tensor, " n_features"],
    seed: int,
) -> tuple[Float[Tensor, "n_hidden n_features"], Float[Tensor, " n_features"]]:
    """Train the toy model, one step on each batch.

    Args:
        batches: the training data, a batch for each step, shape `[step, batch, n_features]`.
        n_hidden: the number of hidden dimensions, less than `n_features`.
        importance: shape `[n_features]`.
        seed: of the start. The same seed gives the same result. The global random states of PyTorch, NumPy and Python are
            the same afterwards.

    Returns:
        `W`, shape `[n_hidden, n_features]`, and `b`, shape `[n_features]`, without gradients. Train inside
        `torch.enable_grad()`: whoever calls you may have switched gradients off.

    """
    raise NotImplementedError("superposition: not written yet")


def feature_dimensionality(W: Float[Tensor, "n_hidden n_features"]) -> Float[Tensor, " n_features"]:
    """Compute how much of a dimension each feature has for itself.

    Source: Elhage et al. 2022, https://transformer-circuits.pub/2022/toy_model/index.html

    Args:
        W: one column for each feature's direction, shape `[n_hidden, n_features]`.

    Returns:
        Between 0 and 1 for each feature, shape `[n_features]`; 0 where a column is all zeros, and only there (but a number
        too small for the type, as from a column of 1e-30, may round to 0).

    """
    raise NotImplementedError("feature_dimensionality: not written yet")


# %% [markdown]
# **Look at it.** Twelve features in four dimensions, from very rare to always active. How many get a direction? And how
# do the directions of rare features lie to each other?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import plots

    torch.set_num_threads(1)  # on tensors this small, threads wait for one another more than they compute
    n_features, n_hidden = 12, 4
    importance = 0.8 ** torch.arange(n_features)
    generator = torch.Generator().manual_seed(0)
    probabilities = [0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0]
    with_direction, mean_share = [], []
    for p in probabilities:
        shape = (400, 128, n_features)
        batches = torch.rand(shape, generator=generator) * (torch.rand(shape, generator=generator) < p)
        W, b = superposition(batches, n_hidden, importance, seed=0)
        lengths, share = W.norm(dim=0), feature_dimensionality(W)
        with_direction.append(int((lengths > 0.5).sum()))
        mean_share.append(share[lengths > 0.5].mean().item())
        print(f"p = {p:4}: {with_direction[-1]:2} features have a direction, of {mean_share[-1]:.2f} dimensions each")
        if p == probabilities[1]:
            plots.heatmap(
                W.T @ W,
                x=[str(i) for i in range(n_features)],
                y=[str(i) for i in range(n_features)],
                xlabel="feature",
                ylabel="feature",
                title=f"{n_features} features in {n_hidden} dimensions, p = {p}",
                value="dot product of directions",
                save="sae_features/superposition_geometry",
            )
    plots.lines(
        {"features with a direction": with_direction, "dimensions": [n_hidden] * len(probabilities)},
        x=probabilities,
        xlabel="probability that a feature is active",
        ylabel="number",
        title="Rare features share dimensions",
        save="sae_features/superposition",
    )
