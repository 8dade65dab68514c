# Generated from solutions/lab5/absorption.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # When a child swallows its parent
#
# You trust a latent for "animal": it is active on cats, on horses, on fish. And then it is silent on a dog. The dog has
# a latent of its own, and this latent says "dog" and "animal" at once. So the latent for "animal" has a **hole**. This is
# called **absorption**: the child's latent has absorbed the parent. Why does it happen? A dog costs one active latent
# instead of two, and a sparse autoencoder is paid for few active latents.
#
# Here you study absorption in a made-up world, where the truth is known. Features have known directions. A **parent**
# is on whenever one of its **children** is on. You write what such a study needs: an activation function, a loss that
# works against absorption, and a measure.
#
# **BatchTopK.** Top-k keeps the $k$ largest values of every sample. But a sample with one feature on needs fewer
# latents than a sample with five. So BatchTopK looks at a whole batch of $B$ samples and keeps the $B \cdot k$ largest
# *positive* values of all. A sample gets $k$ on average.
#
# **The Matryoshka loss.** Give several **prefixes** of the list of latents, such as the first 2, the first 5, and all
# 10. Every prefix has to reconstruct the activation by itself:
#
# $$\mathcal{L} = \sum_{m \in \mathcal{M}} \frac{1}{B} \sum_{n} \lVert \mathbf{x}_n - (\mathbf{b} +
#   \sum_{i < m} f_{n,i} \mathbf{w}_i) \rVert_2^2$$
#
# Here $f_{n,i}$ is the value of latent $i$ on sample $n$, $\mathbf{w}_i$ its decoder row, and $\mathbf{b}$ the decoder
# bias. The first few latents have to explain as much as they can, so they become parents. A hole in "animal" is now
# expensive: where a later latent says "animal", the first prefix cannot use it.
#
# **The measure.** First decide which latent stands for which feature: the latent whose decoder row has the largest
# cosine similarity with the feature's direction. Then a sample in which a child is on is **absorbed** if three things
# hold:
#
# 1. the parent's latent is silent (its value is 0),
# 2. the child's latent is active (its value is above 0),
# 3. the decoder row of the child's latent also points along the parent: its cosine similarity with the parent's
#    direction is at least a level $\theta$.
#
# The **absorption rate** of a child is the share of absorbed samples among those in which the child is on. The same
# latent can stand for parent and child. Then no sample is absorbed, because one latent is not silent and active at once.
#
# **A small example.** The parent's direction is $(1, 0)$, the child's $(0, 1)$. Latent 0 has the decoder row $(1, 0)$,
# latent 1 has $(1, 1)$. The cosine similarities with the parent are 1 and 0.71, with the child 0 and 0.71. So latent 0
# stands for the parent and latent 1 for the child. Four samples have the child on, with latents $(0, 2)$, $(0, 1)$,
# $(1, 1)$ and $(0, 0)$. With $\theta = 0.5$ the first two are absorbed. In the third the parent's latent is active, in
# the fourth nothing stands in for it. The absorption rate is $2/4 = 0.5$.
#
# With $k = 1$, BatchTopK keeps four values of these samples: all four that are above 0. With one sample less, the
# first three, it would keep three: the 2 and two of the three ones.
#
# **Shapes.** Values of latents: `[sample, latent]`; decoder rows: `[latent, d_in]`; directions: `[feature, d_in]`.
#
# Sources: Chanin et al. 2024, [A is for Absorption](https://arxiv.org/abs/2409.14507); Bussmann et al. 2024, [BatchTopK
# Sparse Autoencoders](https://arxiv.org/abs/2412.06410); Bussmann et al. 2025, [Learning Multi-Level Features with
# Matryoshka Sparse Autoencoders](https://arxiv.org/abs/2503.17547).

# %%
import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

# %% [markdown]
# This function is given. It compares every decoder row with every direction. A row of zeros, which a latent that was
# never active may have, is similar to nothing: its cosine similarity is 0 with every direction.


# %%
def cosines(
    W_dec: Float[Tensor, "latent d_in"], directions: Float[Tensor, "feature d_in"]
) -> Float[Tensor, "latent feature"]:
    """Give the cosine similarity of every decoder row with every direction."""
    rows, columns = (torch.nn.functional.normalize(vectors, dim=1) for vectors in (W_dec, directions))
    return rows @ columns.T


# %%
def batch_topk(before: Float[Tensor, "sample latent"], k: int) -> Float[Tensor, "sample latent"]:
    """Keep the largest positive values of a whole batch, k for each sample on average.

    Source: Bussmann et al. 2024, https://arxiv.org/abs/2412.06410

    Args:
        before: the values of the latents before the activation function, shape `[sample, latent]`.
        k: how many values are kept for each sample on average.

    Returns:
        The kept values in their places and 0 elsewhere, shape `[sample, latent]`. Fewer are kept where fewer are
        positive. Never more: of equal values that compete for the last places, it does not matter which are kept. The
        gradient passes through the kept values, and through no others.

    Raises:
        ValueError: `k` is negative.

    """
    if k < 0:
        raise ValueError(f"k is {k}, but it must not be negative")
    flat = before.flatten()
    count = min(k * before.shape[0], flat.numel())
    keep = torch.zeros_like(flat, dtype=torch.bool)
    keep[flat.detach().argsort(descending=True)[:count]] = True
    keep &= flat > 0
    return torch.where(keep, flat, torch.zeros_like(flat)).reshape(before.shape)


def matryoshka_loss(
    x: Float[Tensor, "sample d_in"],
    latents: Float[Tensor, "sample latent"],
    W_dec: Float[Tensor, "latent d_in"],
    b_dec: Float[Tensor, " d_in"],
    prefixes: Sequence[int],
) -> Float[Tensor, ""]:
    """Sum the reconstruction errors of nested prefixes of the latents.

    Source: Bussmann et al. 2025, https://arxiv.org/abs/2503.17547

    Args:
        x: the activations, shape `[sample, d_in]`.
        latents: the values of the latents, shape `[sample, latent]`.
        W_dec: a row for each latent, shape `[latent, d_in]`.
        b_dec: the decoder bias, shape `[d_in]`, part of every reconstruction.
        prefixes: how many latents each prefix has, rising; the last one has all.

    Returns:
        The loss, a scalar tensor with a gradient: each prefix's squared error is summed over `d_in` and averaged over
        the samples; then the prefixes are summed.

    Raises:
        ValueError: there is no prefix, the prefixes do not rise from each to the next, the first is below 1, or the
            last is not the number of latents.

    """
    ends = list(prefixes)
    if not ends or ends[0] < 1 or ends[-1] != latents.shape[1]:
        raise ValueError(f"the prefixes {ends} do not lead from at least 1 to all {latents.shape[1]} latents")
    if any(later <= earlier for earlier, later in itertools.pairwise(ends)):
        raise ValueError(f"the prefixes {ends} do not rise")
    missing = x - b_dec
    errors = []
    for first, last in itertools.pairwise([0, *ends]):
        missing = missing - latents[:, first:last] @ W_dec[first:last]
        errors.append(missing.square().sum(dim=1).mean())
    return torch.stack(errors).sum()


def match_latents(
    W_dec: Float[Tensor, "latent d_in"], directions: Float[Tensor, "feature d_in"]
) -> Int[Tensor, " feature"]:
    """Find the latent that stands for each feature: the largest cosine similarity of decoder row and direction.

    Source: Chanin et al. 2024, https://arxiv.org/abs/2409.14507

    Args:
        W_dec: a row for each latent, shape `[latent, d_in]`, of any length.
        directions: a row for each feature, shape `[feature, d_in]`, of any length above 0.

    Returns:
        The number of the latent for each feature, shape `[feature]`. Two features may have the same latent.
        Where cosine similarities are equal, any of these latents will do.

    """
    return cosines(W_dec, directions).max(dim=0).indices


def absorption(
    latents: Float[Tensor, "sample latent"],
    active: Bool[Tensor, "sample feature"],
    W_dec: Float[Tensor, "latent d_in"],
    directions: Float[Tensor, "feature d_in"],
    parents: Sequence[int | None],
    level: float,
) -> dict[int, float]:
    """Measure how often the latent of each child stands in for its parent's silent latent.

    Source: Chanin et al. 2024, https://arxiv.org/abs/2409.14507

    Args:
        latents: the values of the latents, shape `[sample, latent]`, none below 0.
        active: which features are on, shape `[sample, feature]`.
        W_dec: a row for each latent, shape `[latent, d_in]`, of any length.
        directions: a row for each feature, shape `[feature, d_in]`, of any length above 0.
        parents: the number of each feature's parent, or None for a feature without one. A parent may have a parent too.
        level: the cosine similarity with the parent's direction from which on a decoder row points along the parent.

    Returns:
        The absorption rate by the number of the child, for every feature that has a parent. A child that is on in no
        sample has the rate 0.

    """
    stands_for = match_latents(W_dec, directions).tolist()
    similarity = cosines(W_dec, directions)
    rates: dict[int, float] = {}
    for child, parent in enumerate(parents):
        if parent is None:
            continue
        samples = latents[active[:, child].bool()]
        own, above = stands_for[child], stands_for[parent]
        points_along = bool(similarity[own, parent] >= level)
        if len(samples) == 0 or not points_along:
            rates[child] = 0.0
            continue
        absorbed = (samples[:, above] == 0) & (samples[:, own] > 0)
        rates[child] = int(absorbed.sum()) / len(samples)
    return rates


# %% [markdown]
# **Look at it.** A world with four parents of three children each, and four single features. Two autoencoders are
# trained on it with your functions, with 20 latents and two active on average: a plain one, with all latents as the
# only prefix, and a Matryoshka one, with the prefixes 5, 10 and 20. How often is a parent's latent active where the
# parent is on alone, and where it is on with one of its children?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import plots

    from interp.hierarchy import PARENTS, Recipe, hierarchy, train

    kinds = {"plain": (20,), "Matryoshka": (5, 10, 20)}
    rows, names = [], []
    for kind, prefixes in kinds.items():
        for seed in range(3):
            world = hierarchy(seed)
            recipe = Recipe(seed=seed)
            sae = train(world, batch_topk, matryoshka_loss, prefixes, recipe)
            active, x = world.draw(4000, torch.Generator().manual_seed(1000 + seed))
            latents = batch_topk(sae.before(x), recipe.k)
            rates = absorption(latents, active, sae.W_dec, world.directions, world.parents, level=0.3)
            error = (x - latents @ sae.W_dec - sae.b_dec).square().sum()
            print(
                f"{kind}, seed {seed}: absorption rate {sum(rates.values()) / len(rates):.2f}, "
                f"explained variance {1 - error / (x - x.mean(dim=0)).square().sum():.2f}, "
                f"{(latents > 0).sum(dim=1).float().mean():.2f} latents active"
            )
            if seed > 0:
                continue
            latent_of = match_latents(sae.W_dec, world.directions)
            for number, parent in enumerate(range(0, 4 * PARENTS, 4)):
                fires = latents[:, latent_of[parent]] > 0
                alone = active[:, parent] & ~active[:, parent + 1 : parent + 4].any(dim=1)
                cases = [alone, *(active[:, child] for child in range(parent + 1, parent + 4))]
                rows.append(torch.stack([fires[case].float().mean() for case in cases]))
                names.append(f"{kind}, parent {number}")
    plots.heatmap(
        torch.stack(rows),
        x=["alone", "child 1", "child 2", "child 3"],
        y=names,
        xlabel="the parent is on with",
        ylabel="autoencoder and parent",
        title="Holes in the latents of parents",
        value="share of samples in which the latent is active",
        save="sae_features/absorption",
    )
